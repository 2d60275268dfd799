/** How often each fault is made; 20 is what counts, the pipeline takes fewer. */
export const rounds = Math.max(1, Math.trunc(Number(process.env['ROUNDS'] ?? 2)) || 1)

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The seed of this run: SEED repeats one. */
export const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
