const colon = 0x3a
const all = 8

/** Groups of the text at hand, and how many of them stand before `::`; -1 without it. */
const groups = new Uint16Array(all)
let gap = -1

/**
 * Writes an IPv6 address to `words`, four signed words in network order. False for all else and for
 * IPv4 inside IPv6, in either spelling: whoever asks looks closer then.
 */
export function parseIpv6(text: string, words: Int32Array): boolean {
  const count = readGroups(text)
  if (gap < 0 ? count !== all : count < 0 || count === all) return false
  if (gap >= 0) spread(count)
  for (let word = 0; word < 4; word++) {
    words[word] = ((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0)
  }
  return words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff
}

/** Returns how many groups are written out, -1 when one is none or `::` stands twice. */
function readGroups(text: string): number {
  let count = 0
  let at = text.startsWith('::') ? 2 : 0
  gap = at === 0 ? -1 : 0
  while (at < text.length) {
    at = readGroup(text, at, count)
    if (at < 0) return -1
    count++
    if (at === text.length) return count
    at = behindColon(text, at + 1, count)
    if (at < 0) return -1
  }
  return count
}

/** Where the next group begins, or the end behind `::`; -1 for neither. */
function behindColon(text: string, at: number, count: number): number {
  if (text.charCodeAt(at) !== colon) return at === text.length ? -1 : at
  if (gap >= 0) return -1
  gap = count
  return at + 1
}

/** Reads the group that begins at `start`; returns where its colon or the end is, -1 for no group. */
function readGroup(text: string, start: number, number: number): number {
  let group = 0
  let at = start
  for (; at < text.length && text.charCodeAt(at) !== colon; at++) {
    const digit = digitOf(text.charCodeAt(at))
    if (digit < 0) return -1
    group = group * 16 + digit
  }
  groups[number] = group
  return at === start || at > start + 4 || number === all ? -1 : at
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Moves the groups behind the gap to the end, zeros between. */
function spread(count: number): void {
  const behind = all - (count - gap)
  groups.copyWithin(behind, gap, count)
  groups.fill(0, gap, behind)
}
