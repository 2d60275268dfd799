/** Numbers that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export class Random {
  readonly next: () => number

  constructor(seed: number) {
    this.next = seeded(seed)
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  /** A pronounceable word. */
  word(syllables: number): string {
    let word = ''
    for (let index = 0; index < syllables; index++) {
      word += this.of(consonants) + this.of(vowels)
    }
    return word
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join('')
  }
}

const consonants = Array.from('bcdfghjklmnprstvwz')
const vowels = Array.from('aeiou')
