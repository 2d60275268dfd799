import { type Budget } from './budget.ts'
import { type Head } from './head.ts'
import { type BaselineLimits } from './store.ts'

interface Terms {
  readonly limits: BaselineLimits
  /** Pairs that it may have on the disk. */
  readonly most: number
}

/** Values that are read in a step of a second: some 0.1 s of work. */
const readAtOnce = 200_000

/** The baselines that rules have opened and that are not read yet. */
export class Unread {
  readonly #terms = new Map<Head, Terms>()
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  has(head: Head): boolean {
    return this.#terms.has(head)
  }

  /** A rule opens it; `most` counts the pairs that it may have on the disk. */
  add(head: Head, limits: BaselineLimits, most: () => number): void {
    const known = this.#terms.get(head)?.most
    const pairs = known ?? most()
    if (known === undefined) this.#budget.awaits(pairs)
    this.#terms.set(head, { limits, most: pairs })
  }

  /** It is read now: what it may be, where a rule has said so. */
  take(head: Head): BaselineLimits | undefined {
    const terms = this.#terms.get(head)
    this.#terms.delete(head)
    this.#budget.read(terms?.most ?? 0)
    return terms?.limits
  }

  /** Those to be read in one step; or all. */
  next(values = readAtOnce): Head[] {
    let left = values
    const heads: Head[] = []
    for (const [head, { most }] of this.#terms) {
      if (left <= 0) break
      heads.push(head)
      left -= most
    }
    return heads
  }
}
