import { append, newest, oldest, unlink } from './chain.ts'
import { EntityTable, PairTable } from './seen-tables.ts'
import { Table } from './table.ts'

export type SeenKind = 'entities' | 'values' | 'pairs'

/** Told of records that come and go, in the order in which they do. */
export interface SeenChanges {
  made(kind: SeenKind, record: number, text: string | undefined): void
  freed(kind: SeenKind, record: number): void
}

/** Entities, values and which entity has which value, without their texts. */
export class SeenSet {
  readonly entities = new EntityTable()
  readonly values = new Table()
  readonly pairs = new PairTable(this.values)
  readonly #order = new Uint32Array(2)
  readonly #changes: SeenChanges

  constructor(changes: SeenChanges) {
    this.#changes = changes
  }

  /** A new entity, seen once. */
  addEntity(high: number, low: number, time: number, since: number, text: string): number {
    const { entities } = this
    const entity = entities.begin(high, low, time, since)
    entities.see(entity, time)
    append(entities.links, this.#order, 0, entity)
    this.#changes.made('entities', entity, text)
    return entity
  }

  /** A new value, seen once and not yet of anyone. */
  addValue(high: number, low: number, time: number, text: string): number {
    const value = this.values.add(high, low, time)
    this.values.touch(value, time)
    this.#changes.made('values', value, text)
    return value
  }

  /** The entity has the value from now on; seen once. */
  addPair(entity: number, value: number, time: number): number {
    const { pairs } = this
    const pair = pairs.add(entity, value, time)
    pairs.touch(pair, time)
    pairs.setCount(pair, this.#check(entity, value))
    this.#link(entity, value, pair)
    this.#changes.made('pairs', pair, undefined)
    return pair
  }

  /** The entity has the value no longer; a value that nobody has goes too. */
  dropPair(pair: number): void {
    const entity = this.entityOf(pair)
    const value = this.valueOf(pair)
    const { entities, values, pairs } = this
    unlink(pairs.links, entities.ends, entity, pair)
    entities.setCount(entity, entities.count(entity) - 1)
    pairs.remove(pair)
    this.#changes.freed('pairs', pair)
    const left = values.count(value) - 1
    values.setCount(value, left)
    if (left > 0) return
    values.remove(value)
    this.#changes.freed('values', value)
  }

  /** Takes the entity out with all its values; returns how many. */
  dropEntity(entity: number): number {
    const { entities } = this
    const all = this.pairsOf(entity, Number.POSITIVE_INFINITY)
    for (const pair of all) this.dropPair(pair)
    unlink(entities.links, this.#order, 0, entity)
    entities.remove(entity)
    this.#changes.freed('entities', entity)
    return all.length
  }

  entityOf(pair: number): number {
    return this.pairs.one(pair)
  }

  valueOf(pair: number): number {
    return this.pairs.two(pair)
  }

  /** The pairs of an entity, the newest `most` of them, oldest first. */
  pairsOf(entity: number, most: number): number[] {
    return newest(this.pairs.links, this.entities.ends, entity, most)
  }

  /** Makes an entity the last to be evicted. */
  renewEntity(entity: number): void {
    unlink(this.entities.links, this.#order, 0, entity)
    append(this.entities.links, this.#order, 0, entity)
  }

  renewPair(entity: number, pair: number): void {
    unlink(this.pairs.links, this.entities.ends, entity, pair)
    append(this.pairs.links, this.entities.ends, entity, pair)
  }

  /** -1 when there is none. */
  oldestEntity(): number {
    return oldest(this.#order, 0)
  }

  oldestPair(entity: number): number {
    return oldest(this.entities.ends, entity)
  }

  /**
   * Makes whole what was filled into the rows: indexes, chains in the order of last sightings when
   * `sorted`, counts. A pair without its entity or value goes; returns how many did.
   */
  relink(sorted: boolean): number {
    const { entities, values, pairs } = this
    for (const table of [entities, values, pairs]) table.rebuild()
    this.#order.fill(0)
    entities.ends.fill(0)
    for (const table of [entities, values]) {
      for (const record of used(table)) table.setCount(record, 0)
    }
    for (const entity of recordsOf(entities, sorted)) {
      append(entities.links, this.#order, 0, entity)
    }
    const { size } = pairs
    for (const pair of recordsOf(pairs, sorted)) {
      if (this.#belongs(pair)) this.#link(this.entityOf(pair), this.valueOf(pair), pair)
      else pairs.remove(pair)
    }
    const gone = size - pairs.size
    for (const value of used(values)) if (values.count(value) === 0) values.remove(value)
    return gone
  }

  #link(entity: number, value: number, pair: number): void {
    append(this.pairs.links, this.entities.ends, entity, pair)
    const { entities, values } = this
    entities.setCount(entity, entities.count(entity) + 1)
    values.setCount(value, values.count(value) + 1)
  }

  #belongs(pair: number): boolean {
    const entity = this.entityOf(pair)
    const value = this.valueOf(pair)
    if (entity >= this.entities.top || value >= this.values.top) return false
    if (!(this.entities.isUsed(entity) && this.values.isUsed(value))) return false
    return this.pairs.count(pair) === this.#check(entity, value)
  }

  #check(entity: number, value: number): number {
    const one = this.entities.two(entity)
    const other = this.values.two(value)
    return (one ^ ((other << 1) | (other >>> 31))) >>> 0
  }
}

function recordsOf(table: EntityTable | PairTable, sorted: boolean): Iterable<number> {
  if (!sorted) return used(table)
  return [...used(table)].sort((one, other) => table.last(one) - table.last(other))
}

function* used(table: Table): Iterable<number> {
  for (let record = 0; record < table.top; record++) if (table.isUsed(record)) yield record
}
