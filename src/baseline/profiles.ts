import { blank, historyBytes, hoursKept, known, measures, remember } from './profile.ts'
import { highest, highOf, type Judgement, judge } from './profile-judge.ts'

/** Least of each measure (`Measure`) that is worth a word, and its least spread in ln. */
export interface ProfileLimits {
  /** Robust standard deviations from which an hour is out of the profile. */
  readonly z: number
  /** Hours that must have been watched, and active ones among them, before anything is judged. */
  readonly watched: number
  readonly active: number
  readonly least: readonly number[]
}

/** An hour that was out of the profile. */
export interface OutOfProfile extends Judgement {
  readonly measure: (typeof measures)[number]
  readonly value: number
  readonly watched: number
  readonly active: number
}

export interface ProfilesOptions {
  /** Devices that have a profile at most: each takes 1.7 KB. */
  readonly limit: number
  /** Keeps the bytes of a profile that has changed. */
  readonly save?: (key: string, bytes: Uint8Array) => void
  readonly remove?: (key: string) => void
  /** What was kept, all of it. */
  readonly stored?: Iterable<readonly [key: string, bytes: Uint8Array]>
  /** One of `stored`: then they are taken by and by, in steps, and before when they are asked for. */
  readonly read?: (key: string) => Uint8Array | undefined
}

/** Least spread in ln: nothing real repeats itself more closely. */
const floors = [0.7, 0.5, 0.4, 0.5, 0.6] as const
/** Version, then the last hour known: u8, 3 bytes of nothing, u32. */
const headBytes = 8
const version = 1
/** Hours of silence after which another device may have the place. */
const forgottenAfter = 30 * 24

/**
 * Numeric profiles by device. Slots are numbers, so that whoever counts for the hour at hand may use
 * columns. Memory: 1.7 KB a device, 110 MB for 65,536 of them; who comes beyond has no profile.
 */
export class Profiles {
  readonly #options: ProfilesOptions
  readonly #slots = new Map<string, number>()
  readonly #keys: string[] = []
  /** Head and history of each slot. */
  readonly #records: Uint8Array[] = []
  #unread: Iterator<readonly [string, Uint8Array]> | undefined
  #refused = 0
  #damaged = 0
  #generation = 0
  #looked = 0

  constructor(options: ProfilesOptions) {
    this.#options = options
    this.#unread = options.stored?.[Symbol.iterator]()
    if (options.read === undefined) this.step(Number.POSITIVE_INFINITY)
  }

  /** Takes up to `most` of those that were kept. */
  step(most: number): void {
    for (let left = most; left > 0 && this.#unread !== undefined; left--) {
      const { value, done } = this.#unread.next()
      if (done === true) this.#unread = undefined
      else if (!(this.#slots.has(value[0]) || this.import(...value))) this.#damaged++
    }
  }

  get counts() {
    return { profiles: this.#keys.length, refused: this.#refused, damaged: this.#damaged }
  }

  get limit(): number {
    return this.#options.limit
  }

  /** Changes when slots were given to others: whoever remembers slots must ask again. */
  get generation(): number {
    return this.#generation
  }

  /** The slot of a device, a new one where it has none, in `hour`; -1 when there is no room. */
  slot(key: string, hour: number): number {
    const slot = this.#known(key)
    if (slot !== undefined) return slot
    if (this.#keys.length >= this.#options.limit) this.step(Number.POSITIVE_INFINITY)
    if (this.#keys.length < this.#options.limit) {
      return this.#add(key, begun(new Uint8Array(headBytes + historyBytes), hour))
    }
    const silent = this.#silent(hour)
    if (silent < 0) this.#refused++
    else this.#give(silent, key, hour)
    return silent
  }

  /**
   * An hour (hours since the epoch) of a device is over: says which of its values, in the order of
   * `measures`, are out of the profile, and learns them. Hours since the last one were silent when
   * `since` is not later than them; else nobody watched.
   */
  take(
    slot: number,
    hour: number,
    values: ArrayLike<number>,
    since: number,
    limits: ProfileLimits,
  ): readonly OutOfProfile[] {
    const record = this.#records[slot]
    if (record === undefined) return []
    const history = record.subarray(headBytes)
    this.#pass(record, history, hour, since)
    const { watched, active } = known(history)
    const ripe = watched >= limits.watched && active >= limits.active
    const out: OutOfProfile[] = []
    for (const [index, measure] of measures.entries()) {
      const value = values[index] ?? 0
      const found = ripe ? outOf(history, index, hour, value, limits) : undefined
      remember(history, index, hour, value, found !== undefined && found.z > limits.z)
      if (found !== undefined) out.push({ ...found, measure, value, watched, active })
    }
    this.#options.save?.(this.#keys[slot] ?? '', record)
    return out
  }

  /** What a device sends in an hour when it sends much: bytes; 0 while too little is known. */
  highBytes(key: string): number {
    const record = this.#records[this.#known(key) ?? -1]
    return record === undefined ? 0 : highOf(record.subarray(headBytes), 0)
  }

  /** Begins a device's profile anew; false when it has none. */
  forget(key: string): boolean {
    const record = this.#records[this.#known(key) ?? -1]
    if (record === undefined) return false
    begun(record, lastHour(record) + 1)
    this.#options.save?.(key, record)
    return true
  }

  /** All profiles as bytes that `import` takes, in the order in which devices came. */
  *export(): Iterable<readonly [key: string, bytes: Uint8Array]> {
    this.step(Number.POSITIVE_INFINITY)
    for (const [slot, key] of this.#keys.entries()) {
      yield [key, Uint8Array.from(this.#records[slot] ?? [])]
    }
  }

  /** Takes what was exported, in place of what is there; false when it cannot be used. */
  import(key: string, bytes: Uint8Array): boolean {
    if (bytes.length !== headBytes + historyBytes || bytes[0] !== version || key === '')
      return false
    const slot = this.#slots.get(key)
    if (slot !== undefined) this.#records[slot]?.set(bytes)
    else if (this.#keys.length >= this.#options.limit) return false
    else this.#add(key, Uint8Array.from(bytes))
    return true
  }

  #known(key: string): number | undefined {
    const slot = this.#slots.get(key)
    if (slot !== undefined || this.#unread === undefined) return slot
    const bytes = this.#options.read?.(key)
    if (bytes !== undefined) this.import(key, bytes)
    return this.#slots.get(key)
  }

  /** A slot whose device was silent for a month, looked for once an hour. */
  #silent(hour: number): number {
    if (hour <= this.#looked) return -1
    const found = this.#records.findIndex(record => lastHour(record) < hour - forgottenAfter)
    if (found < 0) this.#looked = hour
    return found
  }

  #give(slot: number, key: string, hour: number): void {
    const before = this.#keys[slot] ?? ''
    this.#slots.delete(before)
    this.#options.remove?.(before)
    this.#slots.set(key, slot)
    this.#keys[slot] = key
    const record = this.#records[slot]
    if (record !== undefined) begun(record, hour)
    this.#generation++
  }

  #add(key: string, record: Uint8Array): number {
    const slot = this.#keys.length
    this.#slots.set(key, slot)
    this.#keys.push(key)
    this.#records.push(record)
    return slot
  }

  /** Fills the hours between the last one and `hour`. */
  #pass(record: Uint8Array, history: Uint8Array, hour: number, since: number): void {
    const last = lastHour(record)
    headOf(record).setUint32(4, Math.max(last, hour), true)
    for (let one = Math.max(last + 1, hour - hoursKept + 1); one < hour; one++) {
      if (one < since) blank(history, one)
      else
        for (let index = 0; index < measures.length; index++)
          remember(history, index, one, 0, false)
    }
  }
}

/** An empty record that begins with `hour`. */
function begun(record: Uint8Array, hour: number): Uint8Array {
  record.fill(0)
  record[0] = version
  headOf(record).setUint32(4, hour - 1, true)
  return record
}

function headOf(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, headBytes)
}

function lastHour(record: Uint8Array): number {
  return headOf(record).getUint32(4, true)
}

/** What is out of the profile at all, or for this hour of the day. */
function outOf(
  history: Uint8Array,
  measure: number,
  hour: number,
  value: number,
  { least, z }: ProfileLimits,
): Judgement | undefined {
  if (value < (least[measure] ?? 0)) return undefined
  const found = judge(history, measure, hour, value, floors[measure] ?? 0.5)
  if (found === undefined || found.hourZ <= z) return undefined
  // Of people some hours are a hundred times the others: it must be far more than it ever was.
  const { usual, out } = highest(history, measure, hour)
  const isMore = value > 2 * usual && value > 1.25 * out
  return isMore ? found : { ...found, z: Math.min(found.z, z) }
}
