/** 53 bits of a text for a table: two runs of FNV-1a that begin apart. */
export function textKey(text: string): number {
  let one = 0x811c9dc5
  let other = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    one = Math.imul(one ^ code, 0x01000193)
    other = Math.imul(other ^ (code + 0x9d), 0x01000193)
  }
  return (one >>> 0) + (other & 0x1fffff) * 2 ** 32
}

const counts = new Uint16Array(128)

/**
 * Bits that the characters of a text carry by Shannon's formula, each byte of it judged by how often
 * it occurs in the text: `aaaa` carries none. Characters beyond ASCII count as one.
 */
export function informationBits(text: string): number {
  counts.fill(0)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === dot) continue
    const at = Math.min(code, 127)
    counts[at] = (counts[at] ?? 0) + 1
    length++
  }
  let bits = 0
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / length)
  return bits
}

const dot = 0x2e
