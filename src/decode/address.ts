import { isIPv4, isIPv6 } from 'node:net'

/** A power of two: texts kept for each family. Direct-mapped, so the bound needs no bookkeeping. */
const slots = 4096

const texts4: string[] = new Array<string>(slots).fill('0.0.0.0')
const words4 = new Int32Array(slots)
const texts6: string[] = new Array<string>(slots).fill('::')
const words6 = new Int32Array(slots * 4)

function slot(word: number): number {
  // Fibonacci hashing: the top bits of the product are the well mixed ones.
  return Math.imul(word, 0x9e3779b1) >>> 20
}

/**
 * An address as text (IPv6 as in RFC 5952), from its words in network order; `undefined` for
 * family 0. The same address mostly gives the same string object.
 */
export function ipText(
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): string | undefined {
  if (family === 4) return text4(word0)
  return family === 6 ? text6(word0, word1, word2, word3) : undefined
}

function text4(word: number): string {
  const index = slot(word)
  const known = texts4[index]
  if (known !== undefined && words4[index] === word) return known
  const text = format4(word)
  texts4[index] = text
  words4[index] = word
  return text
}

function text6(word0: number, word1: number, word2: number, word3: number): string {
  const index = slot(word0 ^ Math.imul(word1, 31) ^ Math.imul(word2, 17) ^ word3)
  const base = index * 4
  const known = texts6[index]
  if (
    known !== undefined &&
    words6[base + 3] === word3 &&
    words6[base + 2] === word2 &&
    words6[base + 1] === word1 &&
    words6[base] === word0
  ) {
    return known
  }
  const text = format6(word0, word1, word2, word3)
  texts6[index] = text
  words6[base] = word0
  words6[base + 1] = word1
  words6[base + 2] = word2
  words6[base + 3] = word3
  return text
}

function format4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function format6(word0: number, word1: number, word2: number, word3: number): string {
  // RFC 5952 5: mixed notation for IPv4-mapped addresses
  if (word0 === 0 && word1 === 0 && word2 === 0xffff) return `::ffff:${format4(word3)}`
  const groups = [word0, word1, word2, word3].flatMap(word => [word >>> 16, word & 0xffff])
  const gap = longestGap(groups)
  if (gap.length < 2) return hexadecimal(groups)
  const before = hexadecimal(groups.slice(0, gap.start))
  return `${before}::${hexadecimal(groups.slice(gap.start + gap.length))}`
}

function hexadecimal(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':')
}

/** RFC 5952 4.2.3: the longest run of zero groups, the first of equal ones. */
function longestGap(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}

/** An IP address as four signed 32-bit words in network order; IPv4 in the first, the rest zero. */
export class IpAddress {
  readonly family: 4 | 6
  readonly word0: number
  readonly word1: number
  readonly word2: number
  readonly word3: number

  constructor(family: 4 | 6, word0: number, word1: number, word2: number, word3: number) {
    this.family = family
    this.word0 = word0
    this.word1 = word1
    this.word2 = word2
    this.word3 = word3
  }

  /** The IPv4 address in 4 bytes or the IPv6 address in 16 bytes at `offset` of `view`. */
  static read(view: DataView, offset: number, family: 4 | 6): IpAddress {
    const word0 = view.getInt32(offset)
    if (family === 4) return new IpAddress(4, word0, 0, 0, 0)
    const [word1, word2] = [view.getInt32(offset + 4), view.getInt32(offset + 8)]
    return new IpAddress(6, word0, word1, word2, view.getInt32(offset + 12))
  }

  /** The address in a text, `undefined` when the text is none. A zone (`%eth0`) is none. */
  static parse(text: string): IpAddress | undefined {
    if (isIPv4(text)) return new IpAddress(4, parse4(text), 0, 0, 0)
    if (!isIPv6(text) || text.includes('%')) return undefined
    const [word0 = 0, word1 = 0, word2 = 0, word3 = 0] = parse6(text)
    return new IpAddress(6, word0, word1, word2, word3)
  }

  get isUnspecified(): boolean {
    return (this.word0 | this.word1 | this.word2 | this.word3) === 0
  }

  get text(): string {
    return this.family === 4
      ? text4(this.word0)
      : text6(this.word0, this.word1, this.word2, this.word3)
  }
}

function parse4(text: string): number {
  return text.split('.').reduce((word, part) => (word << 8) | Number(part), 0)
}

function parse6(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  const groups = [...before, ...zeros, ...after]
  return [0, 2, 4, 6].map(index => ((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0))
}

function groupsOf(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const word = parse4(group)
    return [word >>> 16, word & 0xffff]
  })
}
