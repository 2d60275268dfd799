import { type Baseline, type BaselineStore, type Sighting } from '../baseline/store.ts'

const day = 86_400 * 1e6

/** `old`: so from the first days on, or for a week. `unknown`: the sensor was too young to say. */
export type Habit = 'new' | 'unknown' | 'old'

export interface HabitFacts {
  readonly habit: Habit
  /** Entities that were seen to do the same before. */
  readonly others: number
  /** Days since the entity was first seen to do it. */
  readonly days: number
}

export interface HabitsOptions {
  /** Part of the baseline's id: `detector.NAME`. */
  readonly name: string
  /** µs of watching in which everything is taken for a habit. */
  readonly learning: number
  /** Days after which something new has become a habit. */
  readonly tenure?: number
  readonly entities?: number
  readonly values?: number
}

/**
 * What entities are used to do. Ask only about what is remarkable already: a question is remembered.
 */
export class Habits {
  readonly #baseline: Baseline
  readonly #learning: number
  readonly #tenure: number

  constructor(store: BaselineStore, options: HabitsOptions) {
    const { name, learning, tenure = 7, entities = 65_536, values = 1024 } = options
    this.#baseline = store.open({
      id: `detector.${name}`,
      hash: '1',
      forgetAfter: 60 * day,
      limits: { entities, valuesPerEntity: values, overflow: 'freeze' },
    })
    this.#learning = learning
    this.#tenure = tenure * day
  }

  /** The clock of learning starts with the first event, not with the first remarkable one. */
  started(time: number): void {
    this.#baseline.observe('', undefined, time)
  }

  /** How usual it is that the entity does this, and remembers that it did, at `time` (µs). */
  ask(entity: string, value: string, time: number): HabitFacts {
    const seen = this.#baseline.observe(entity, value, time)
    const { pair, total } = seen
    const others = Math.max(0, (seen.value?.entities ?? 0) - (pair === undefined ? 0 : 1))
    const days = pair === undefined ? 0 : Math.max(0, (time - pair.firstSeen) / day)
    return { habit: this.#habit(seen, total.firstSeen, time), others, days }
  }

  /** What else the entity does that is most like it. */
  nearest(entity: string, value: string, count: number): readonly string[] {
    return this.#baseline.nearest(entity, value, count)
  }

  #habit({ pair, total }: Sighting, since: number, time: number): Habit {
    if (pair === undefined) return total.observed < this.#learning ? 'unknown' : 'new'
    // What began in the first days is told while it is young: the sensor may have come too late.
    if (pair.firstSeen - since < this.#learning) {
      return time - pair.firstSeen < day ? 'unknown' : 'old'
    }
    return time - pair.firstSeen >= this.#tenure ? 'old' : 'new'
  }
}
