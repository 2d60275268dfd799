/** 32 bits of a key of a few words. */
export function hashWords(key: Int32Array): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ (key[index] ?? 0), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash | 0
}

/** Whether the first `count` words of `key` stand in `keys` from `start` on. */
export function standsAt(
  keys: Int32Array,
  start: number,
  key: Int32Array,
  count = key.length,
): boolean {
  for (let index = 0; index < count; index++) {
    if (keys[start + index] !== key[index]) return false
  }
  return true
}
