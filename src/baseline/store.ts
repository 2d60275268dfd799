export interface BaselineLimits {
  readonly entities: number
  readonly valuesPerEntity: number
  /** At the limit: learn nothing more, or forget what was not seen for longest. */
  readonly overflow: 'freeze' | 'evict-oldest'
}

/** What a store must know to keep one rule's baseline. Durations in µs. */
export interface BaselineKey {
  /** The rule's. */
  readonly id: string
  /** Of what is observed: another hash is another baseline, which starts to learn. */
  readonly hash: string
  readonly forgetAfter: number
  readonly limits: BaselineLimits
}

/** How often and when something was seen, before the present sighting. */
export interface Seen {
  readonly firstSeen: number
  readonly lastSeen: number
  readonly events: number
}

export interface SeenEntity extends Seen {
  /** µs of observed time since it was first seen: the sensor was watching. */
  readonly observed: number
  readonly values: number
  readonly days: number
}

export interface SeenValue extends Seen {
  /** How many entities use it. */
  readonly entities: number
}

/** What was known before, of an entity with a value. */
export interface Sighting {
  /** The value by this entity; undefined when it is new or was forgotten. */
  readonly pair: Seen | undefined
  readonly entity: SeenEntity | undefined
  /** The value by anyone. */
  readonly value: SeenValue | undefined
  /** All of this baseline. */
  readonly total: SeenEntity & { readonly entities: number }
  /** Whether a limit kept it from being remembered. */
  readonly refused: boolean
}

/** The memory of one rule. */
export interface Baseline {
  /**
   * Says what was known, then remembers the sighting. Entity and value are texts that stand for
   * tuples; without a value only the entity is remembered. `time` in µs of event time: an earlier one
   * than before counts, but moves nothing back. The sighting is the baseline's own: whoever wants to
   * keep it after the next call copies it.
   */
  observe(entity: string, value: string | undefined, time: number): Sighting
  /** Values of the entity that are most like the value, best first. */
  nearest(entity: string, value: string, count: number): readonly string[]
  /**
   * Takes back what the last sightings of it taught: it stays new until somebody approves of it.
   * Without a value it is the entity itself that is not learned.
   */
  hold(entity: string, value: string | undefined): void
}

/** What was first seen inside a critical alert, and is not learned. */
export interface HeldValue extends Seen {
  readonly entity: string
  /** Undefined when it is the entity that is new. */
  readonly value: string | undefined
}

/** One thing remembered, as it is exported. Times and durations in µs. */
export type BaselineRecord =
  | {
      readonly kind: 'baseline'
      readonly id: string
      readonly hash: string
      readonly firstSeen: number
      readonly lastSeen: number
      readonly observed: number
      readonly events: number
      readonly days: number
      /** Which secret made the hashes among its names. */
      readonly key?: string | undefined
    }
  | {
      readonly kind: 'entity'
      readonly id: string
      readonly entity: string
      readonly firstSeen: number
      readonly lastSeen: number
      readonly observed: number
      readonly events: number
      readonly days: number
    }
  | {
      readonly kind: 'value'
      readonly id: string
      readonly entity: string
      readonly value: string
      readonly firstSeen: number
      readonly lastSeen: number
      readonly events: number
    }

/** Keeps the baselines of all rules. */
export interface BaselineStore {
  /** The baseline of a rule; the same id and hash give the same memory, another hash a fresh one. */
  open(key: BaselineKey): Baseline
  /** Event time (µs) has come so far: the clock of learning runs, what is too old is forgotten. */
  advance(time: number): void
  /** Forgets an entity, or one value of it; returns how many pairs went. */
  forget(id: string, entity: string, value?: string): number
  /** What is held back, of each baseline. */
  held(): Iterable<HeldValue & { readonly id: string }>
  /** Learns what is held back; returns how many: all of the entity without a value. */
  approve(id: string, entity: string, value?: string): number
  /** Everything, each baseline before its entities, each entity before its values. */
  export(): Iterable<BaselineRecord>
  /**
   * Merges what was exported with what is there: the earliest first and the latest last sighting, the
   * greater counts. So the order does not matter, nor whether it is done twice. Returns how many
   * records made no sense and were left out.
   */
  import(records: Iterable<BaselineRecord>): number
}
