/** Bits of word `index` (of four, 32 bits each) that a prefix covers. */
export function mask(prefix: number, index: number): number {
  const bits = Math.min(Math.max(prefix - 32 * index, 0), 32)
  return bits === 0 ? 0 : -1 << (32 - bits)
}
