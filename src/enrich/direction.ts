import { IpAddress } from '../decode/address.ts'
import { type FlowTuple } from '../decode/community-id.ts'
import { SensorError } from '../errors.ts'

/** Seen from our networks, as in ECS: across their border inwards or outwards, within, or without. */
export type Direction = 'inbound' | 'outbound' | 'internal' | 'external'

type Ends = Omit<FlowTuple, 'protocol' | 'sourcePort' | 'destinationPort'>

/** What is at home, and so which way a conversation goes. */
export interface Home {
  /** Whether an address (words in network order, IPv4 in the first) is in one of the networks. */
  has(family: number, word0: number, word1: number, word2: number, word3: number): boolean
  /** `undefined` without IP addresses. */
  direction(ends: Ends): Direction | undefined
}

/** Networks that are nobody's in the internet: RFC 1918, 6598 and 4193. */
export const privateNetworks: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
]

/**
 * The home of these networks in CIDR notation (a bare address is a network of one). Link-local,
 * loopback and unspecified addresses are at home too. Multicast and broadcast is internal when its
 * source is at home, else inbound. Throws `CONFIG_INVALID` for a text that is no network.
 */
export function homeOf(networks: readonly string[]): Home {
  const parsed = networks.map(parseNetwork)
  const ranges = mergeRanges(parsed.filter(({ address }) => address.family === 4))
  const prefixes = parsed.filter(({ address }) => address.family === 6).map(compile6)

  function has(family: number, word0: number, word1: number, word2: number, word3: number) {
    return family === 4 ? inRanges(ranges, word0) : inPrefixes(prefixes, word0, word1, word2, word3)
  }

  let last: Ends | undefined
  let lastDirection: Direction | undefined

  /** All stages ask about the same packet, one after the other. */
  function direction(ends: Ends): Direction | undefined {
    if (ends === last) return lastDirection
    last = ends
    lastDirection = work(ends)
    return lastDirection
  }

  function work(ends: Ends): Direction | undefined {
    const { family, source0, source1, source2, source3 } = ends
    const { destination0, destination1, destination2, destination3 } = ends
    if (family !== 4 && family !== 6) return undefined
    const from =
      isLocal(family, source0, source1, source2, source3) ||
      has(family, source0, source1, source2, source3)
    const to =
      isGroup(family, destination0) ||
      isLocal(family, destination0, destination1, destination2, destination3) ||
      has(family, destination0, destination1, destination2, destination3)
    if (from) return to ? 'internal' : 'outbound'
    return to ? 'inbound' : 'external'
  }

  return { has, direction }
}

/** Multicast (RFC 1112 4, RFC 4291 2.7) or the limited broadcast address. */
function isGroup(family: number, word0: number): boolean {
  if (family === 6) return word0 >>> 24 === 0xff
  return word0 >>> 28 === 0xe || word0 === -1
}

/** Unspecified, loopback or link-local (RFC 6890). */
function isLocal(
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): boolean {
  if (family === 4) return word0 === 0 || word0 >>> 24 === 127 || word0 >>> 16 === 0xa9fe
  if (word0 >>> 22 === 0x3fa) return true
  return (word0 | word1 | word2) === 0 && word3 >>> 1 === 0
}

interface Network {
  readonly address: IpAddress
  readonly length: number
}

function parseNetwork(text: string): Network {
  const [head = '', length, ...more] = text.split('/')
  const address = IpAddress.parse(head)
  if (address !== undefined && more.length === 0) {
    const most = address.family === 4 ? 32 : 128
    if (length === undefined) return { address, length: most }
    if (/^\d{1,3}$/.test(length) && Number(length) <= most)
      return { address, length: Number(length) }
  }
  const fix = 'write it like `192.168.0.0/16` or `2001:db8::/32`'
  throw new SensorError('CONFIG_INVALID', `home network \`${text}\` is not a network; ${fix}`)
}

/** First and last IPv4 addresses of disjoint ranges, as unsigned numbers in ascending order. */
interface Ranges {
  readonly firsts: Float64Array
  readonly lasts: Float64Array
}

function mergeRanges(networks: readonly Network[]): Ranges {
  const sorted = networks
    .map(({ address, length }) => {
      const size = 2 ** (32 - length)
      const first = Math.floor((address.word0 >>> 0) / size) * size
      return { first, last: first + size - 1 }
    })
    .sort((one, other) => one.first - other.first)
  const merged: { first: number; last: number }[] = []
  for (const range of sorted) {
    const before = merged.at(-1)
    if (before === undefined || range.first > before.last + 1) merged.push(range)
    else before.last = Math.max(before.last, range.last)
  }
  return {
    firsts: Float64Array.from(merged, range => range.first),
    lasts: Float64Array.from(merged, range => range.last),
  }
}

function inRanges({ firsts, lasts }: Ranges, word: number): boolean {
  const address = word >>> 0
  let low = 0
  let high = firsts.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (address < (firsts[middle] ?? 0)) high = middle - 1
    else if (address > (lasts[middle] ?? 0)) low = middle + 1
    else return true
  }
  return false
}

interface Prefix {
  readonly words: readonly [number, number, number, number]
  readonly masks: readonly [number, number, number, number]
}

function compile6({ address, length }: Network): Prefix {
  const masks = [mask(length), mask(length - 32), mask(length - 64), mask(length - 96)] as const
  const { word0, word1, word2, word3 } = address
  const words = [word0 & masks[0], word1 & masks[1], word2 & masks[2], word3 & masks[3]] as const
  return { words, masks }
}

/** The top `bits` of a word. */
function mask(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

function inPrefixes(
  prefixes: readonly Prefix[],
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): boolean {
  for (const { words, masks } of prefixes) {
    if (
      (word0 & masks[0]) === words[0] &&
      (word1 & masks[1]) === words[1] &&
      (word2 & masks[2]) === words[2] &&
      (word3 & masks[3]) === words[3]
    ) {
      return true
    }
  }
  return false
}
