import { IpAddress } from '../decode/address.ts'
import { hostName } from '../enrich/host-name.ts'
import { type Entry, type IndicatorIndex, type IndicatorKind } from './indicator-index.ts'

/** An indicator as a list writes it. */
export type Indicator =
  | { readonly kind: Exclude<IndicatorKind, 'address'>; readonly text: string }
  | { readonly kind: 'address'; readonly address: IpAddress; readonly length: number }

/** Takes an indicator with what is said of it; `until` in ms since the epoch, undefined for ever. */
export type Take = (indicator: Indicator, label?: string, until?: number) => void

/** What could not be used, so that somebody may put it right. */
export interface Skipped {
  /** Lines, or objects, that hold nothing that is understood. */
  count: number
  /** The first of them: 1 is the first line. */
  first: number | undefined
}

export function skip(skipped: Skipped, place: number): void {
  skipped.count++
  skipped.first ??= place
}

const hash = /^[\da-f]+$/
const ja4 = /^[tqd][0-9sd]{2}[di]\d{4}[\da-z]{2}_[\da-f]{12}_[\da-f]{12}$/
/** Widest networks that are taken: one that is wider lists half of the world by mistake. */
const widest = { 4: 8, 6: 16 } as const

/**
 * What a text of a list is: a network or an address (also with a port), a URL, a domain, a JA3 (MD5), a
 * JA4, the SHA-1 or SHA-256 of a certificate. Texts that were made harmless (`hxxp`, `[.]`) are put
 * right. Undefined for anything else.
 */
export function recognise(text: string): Indicator | undefined {
  const value = text.trim().replaceAll('[.]', '.').replaceAll('(.)', '.').replaceAll('[:]', ':')
  if (value === '' || value.length > 2048) return undefined
  const low = value.toLowerCase()
  if (hash.test(low)) {
    if (low.length === 32) return { kind: 'ja3', text: low }
    if (low.length === 40 || low.length === 64) return { kind: 'certificate', text: low }
  }
  if (ja4.test(low)) return { kind: 'ja4', text: low }
  return network(low) ?? url(value) ?? domain(low)
}

/** A hash with colons or without, as certificates are written. */
export function certificateHash(text: string): Indicator | undefined {
  const low = text.trim().toLowerCase().replaceAll(':', '')
  const isHash = hash.test(low) && (low.length === 40 || low.length === 64)
  return isHash ? { kind: 'certificate', text: low } : undefined
}

export function network(text: string): Indicator | undefined {
  const [head = '', bits, ...more] = text.replace(/^\[([\da-f:.]+)\](:\d+)?$/, '$1').split('/')
  const port = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(head)
  const address = IpAddress.parse(port?.[1] ?? head)
  if (address === undefined || more.length > 0) return undefined
  const most = address.family === 4 ? 32 : 128
  const length = bits === undefined ? most : Number(bits)
  if (!Number.isInteger(length) || length > most || length < widest[address.family])
    return undefined
  return address.isUnspecified ? undefined : { kind: 'address', address, length }
}

function url(text: string): Indicator | undefined {
  const found = /^(?:h(?:xx|tt)ps?|ftp):\/\/([^/?#]+)([^#]*)/i.exec(text)
  if (found === null) return undefined
  const [, authority = '', rest = ''] = found
  const host = authority.toLowerCase().replace(/^[^@]*@/, '')
  // A whole server: then its name or address is what is listed.
  if (rest === '' || rest === '/') return network(host) ?? domain(host.replace(/:\d+$/, ''))
  return { kind: 'url', text: `${host.replace(/:80$/, '')}${rest}`.toLowerCase() }
}

export function domain(text: string): Indicator | undefined {
  const bare = text.replace(/^\|\||\^.*$/g, '').replace(/^(\*?\.)+/, '')
  const name = bare.includes('.') ? hostName(bare) : undefined
  return name === undefined ? undefined : { kind: 'domain', text: name }
}

export function addTo(index: IndicatorIndex, indicator: Indicator, entry: Entry): void {
  if (indicator.kind !== 'address') {
    index.addText(indicator.kind, indicator.text, entry)
    return
  }
  const { address, length } = indicator
  const { word0, word1, word2, word3 } = address
  index.addNetwork(address.family, [word0, word1, word2, word3], length, entry)
}
