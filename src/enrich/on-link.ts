import { IpAddress } from '../decode/address.ts'
import { type LinkInterface } from './own-interfaces.ts'

interface Prefix {
  readonly family: number
  readonly words: Int32Array
  readonly masks: Int32Array
  readonly length: number
  /** µs of event time after which it is no longer valid. */
  until: number
}

/** Prefixes that router advertisements may add to one link; the rest is ignored and counted. */
const learntLimit = 64
const linkLimit = 4096

/**
 * Which addresses are on a link, and not behind a router: the prefixes of its interface, those that
 * routers advertise with the on-link flag (RFC 4861 6.3.4), and link-local ones.
 */
export class OnLink {
  readonly #own = new Map<number, readonly Prefix[]>()
  readonly #learnt = new Map<number, Prefix[]>()
  #refused = 0

  /** Prefixes that were advertised beyond the limit. */
  get refused(): number {
    return this.#refused
  }

  /** Takes the place of what was known of these and all other interfaces. */
  setInterfaces(interfaces: readonly LinkInterface[]): void {
    this.#own.clear()
    for (const { index, addresses } of interfaces) {
      this.#own.set(index, addresses.flatMap(parsePrefix))
    }
  }

  /** A prefix that a router advertised on a link until `until` (µs of event time). */
  learn(ifindex: number, vlan: number, prefix: string, until: number): void {
    const link = linkKey(ifindex, vlan)
    const known = this.#learnt.get(link) ?? []
    const [parsed] = parsePrefix(prefix)
    if (parsed === undefined || (known.length === 0 && this.#learnt.size >= linkLimit)) return
    const same = known.find(one => isSame(one, parsed))
    if (same !== undefined) same.until = until
    else if (known.length >= learntLimit) this.#refused++
    else this.#learnt.set(link, [...known, { ...parsed, until }])
  }

  /** Whether it is known which addresses of the family are on the link at `time` (µs). */
  knows(ifindex: number, vlan: number, family: number, time: number): boolean {
    const own = vlan === 0 ? this.#own.get(ifindex) : undefined
    if (own?.some(prefix => prefix.family === family)) return true
    const learnt = this.#learnt.get(linkKey(ifindex, vlan)) ?? []
    return learnt.some(prefix => prefix.family === family && prefix.until >= time)
  }

  /** Whether the address (words in network order) is on the link at `time` (µs). */
  has(
    ifindex: number,
    vlan: number,
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    time: number,
  ): boolean {
    if (isLinkLocal(family, word0)) return true
    // The addresses of an interface are those of its untagged frames; a VLAN has an interface of its own.
    const own = vlan === 0 ? this.#own.get(ifindex) : undefined
    if (own !== undefined && within(own, family, word0, word1, word2, word3, 0)) return true
    const learnt = this.#learnt.get(linkKey(ifindex, vlan))
    return learnt !== undefined && within(learnt, family, word0, word1, word2, word3, time)
  }
}

function within(
  prefixes: readonly Prefix[],
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  time: number,
): boolean {
  for (const { family: wanted, words, masks, until } of prefixes) {
    if (
      wanted === family &&
      until >= time &&
      (word0 & (masks[0] ?? 0)) === words[0] &&
      (word1 & (masks[1] ?? 0)) === words[1] &&
      (word2 & (masks[2] ?? 0)) === words[2] &&
      (word3 & (masks[3] ?? 0)) === words[3]
    ) {
      return true
    }
  }
  return false
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291 2.5.6). */
function isLinkLocal(family: number, word0: number): boolean {
  return family === 4 ? word0 >>> 16 === 0xa9fe : word0 >>> 22 === 0x3fa
}

/** One prefix, none for a text that is no prefix or one that says nothing (length 0). */
function parsePrefix(cidr: string): Prefix[] {
  const [text = '', bits = ''] = cidr.split('/')
  const address = IpAddress.parse(text.replace(/%.*$/, ''))
  const length = Number(bits)
  if (address === undefined || !Number.isInteger(length) || length < 1 || bits === '') return []
  if (length > (address.family === 4 ? 32 : 128)) return []
  const masks = Int32Array.of(0, 32, 64, 96).map(start => maskOf(length - start))
  const all = Int32Array.of(address.word0, address.word1, address.word2, address.word3)
  const words = all.map((word, index) => word & (masks[index] ?? 0))
  return [{ family: address.family, words, masks, length, until: Number.POSITIVE_INFINITY }]
}

/** The top `bits` of a word. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

function isSame(a: Prefix, b: Prefix): boolean {
  return (
    a.family === b.family &&
    a.length === b.length &&
    a.words.every((word, index) => word === b.words[index])
  )
}

function linkKey(ifindex: number, vlan: number): number {
  return ifindex * 4096 + (vlan & 4095)
}
