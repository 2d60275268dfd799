/**
 * A word more into a 32-bit hash: the middle of MurmurHash3's finish. For tables in memory alone: what is
 * kept or told to others has a hash of its own, which a change here must not move.
 */
export function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ Math.imul(word, 0x85ebca6b), 0xc2b2ae35)
  return product ^ (product >>> 15)
}

/** 32 bits of two words, for tables whose places are the lowest bits. */
export function mixPair(one: number, two: number): number {
  let word = Math.imul(one ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(two, 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d)
  return word ^ (word >>> 13)
}
