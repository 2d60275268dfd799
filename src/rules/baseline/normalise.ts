import { getDomain } from 'tldts'
import { IpAddress } from '../../decode/address.ts'
import { addressOf } from '../evaluate/cidr.ts'
import { mask } from '../network.ts'
import { fold } from '../pattern/fold.ts'

/** What is done to the texts of a baseline before they are compared. */
export interface Normalise {
  readonly name: string
  readonly apply: (text: string) => string
}

export const normaliseNames = 'none, lowercase, registered-domain, subnet/24 or port-class'

/** The function of that name; undefined when there is none. */
export function parseNormalise(text: string): Normalise | undefined {
  const apply = functionOf(text)
  return apply && { name: text, apply }
}

function functionOf(text: string): Normalise['apply'] | undefined {
  const [, prefix] = /^subnet\/(\d{1,3})$/.exec(text) ?? []
  if (prefix !== undefined) return Number(prefix) <= 128 ? subnet(Number(prefix)) : undefined
  return Object.hasOwn(simple, text) ? simple[text as keyof typeof simple] : undefined
}

const simple = {
  none: (text: string) => text,
  lowercase: fold,
  'registered-domain': (text: string) => getDomain(text, domains) ?? fold(text),
  'port-class': portClass,
} as const

const domains = { allowPrivateDomains: true }

/** The network of an address; other texts stay what they are. */
function subnet(prefix: number): Normalise['apply'] {
  return text => {
    const address = addressOf(text)
    if (address === undefined) return text
    const words = [address.word0, address.word1, address.word2, address.word3]
    const [a = 0, b = 0, c = 0, d = 0] = words.map((word, index) => word & mask(prefix, index))
    return `${new IpAddress(address.family, a, b, c, d).text}/${prefix}`
  }
}

/** Well-known ports are themselves; the others are told apart by who hands them out (RFC 6335 6). */
function portClass(text: string): string {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1024) return text
  return port < 49_152 ? 'registered' : 'dynamic'
}
