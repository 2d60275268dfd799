import { type Column, larger, smallest, Table } from './table.ts'

const day = 86_400_000_000

/** Who was seen; keys are the halves of the hash of its text. */
export class EntityTable extends Table {
  /** On how many days it was seen, and on which last. */
  days = new Int32Array(2 * smallest)
  /** Observed time (µs) when it was first seen. */
  since = new Float64Array(smallest)
  /** How many values it has. */
  values = new Uint32Array(smallest)
  /** The chain of its pairs. */
  ends = new Uint32Array(2 * smallest)
  /** Entities in the order of their last sightings, where that matters. */
  links = new Uint32Array(2 * smallest)

  override get columns(): readonly Column[] {
    return [...super.columns, { numbers: this.days, width: 2 }, { numbers: this.since, width: 1 }]
  }

  /** A new entity, for which nothing of the one before on that place holds. */
  begin(high: number, low: number, time: number, since: number): number {
    const entity = this.add(high, low, time)
    this.days[2 * entity] = 0
    this.days[2 * entity + 1] = neverDay
    this.since[entity] = since
    this.values[entity] = 0
    this.ends.fill(0, 2 * entity, 2 * entity + 2)
    return entity
  }

  see(entity: number, time: number): void {
    this.touch(entity, time)
    const today = Math.floor(time / day)
    if (today <= (this.days[2 * entity + 1] ?? 0)) return
    this.days[2 * entity + 1] = today
    this.days[2 * entity] = (this.days[2 * entity] ?? 0) + 1
  }

  protected override grow(capacity: number): void {
    super.grow(capacity)
    this.days = larger(this.days, new Int32Array(2 * capacity))
    this.since = larger(this.since, new Float64Array(capacity))
    this.values = larger(this.values, new Uint32Array(capacity))
    this.ends = larger(this.ends, new Uint32Array(2 * capacity))
    this.links = larger(this.links, new Uint32Array(2 * capacity))
  }
}

export const neverDay = -0x80000000

/** What was seen, by anyone; keys are the halves of the hash of its text. */
export class ValueTable extends Table {
  /** How many entities have it. */
  entities = new Uint32Array(smallest)

  protected override grow(capacity: number): void {
    super.grow(capacity)
    this.entities = larger(this.entities, new Uint32Array(capacity))
  }
}

/** Who was seen with what; keys are the records of both. */
export class PairTable extends Table {
  /** Of the hashes of both: shows a pair whose entity or value is no longer the one that it was. */
  check = new Uint32Array(smallest)
  /** Pairs of an entity in the order of their last sightings, where that matters. */
  links = new Uint32Array(2 * smallest)

  override get columns(): readonly Column[] {
    return [...super.columns, { numbers: this.check, width: 1 }]
  }

  protected override grow(capacity: number): void {
    super.grow(capacity)
    this.check = larger(this.check, new Uint32Array(capacity))
    this.links = larger(this.links, new Uint32Array(2 * capacity))
  }
}
