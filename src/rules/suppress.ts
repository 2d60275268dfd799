import { ExtensionMap } from './extension.ts'
import { type Faults } from './fault.ts'
import { type Node } from './yaml/node.ts'

/** `orthrus.suppress` of a rule: one alert for each combination of these fields in that time (µs). */
export interface SuppressDefinition {
  readonly by: readonly string[]
  readonly for: number
}

const hour = 3_600_000_000

/** Reads the attribute; undefined with faults. `{by: source.ip, for: 1h}`; without `by` the rule as a whole. */
export function parseSuppress(node: Node, faults: Faults): SuppressDefinition | undefined {
  const before = faults.list.length
  const read = ExtensionMap.open(node, 'orthrus.suppress', ['by', 'for'], faults)
  const by = read?.texts('by') ?? []
  const span = read?.duration('for') ?? hour
  if (by.length > 8) read?.complain('by', '`by` has at most 8 fields')
  return read === undefined || faults.list.length > before ? undefined : { by, for: span }
}

/** Alerts that were kept back since the last one that went out. Times in µs. */
export interface HeldBack {
  readonly count: number
  readonly first: number
  readonly last: number
}

/** What an alert may do: go out, with the count of those before it, or be kept back. */
export type Verdict =
  | { readonly alert: true; readonly heldBack: HeldBack | undefined }
  | { readonly alert: false }

interface Quiet {
  until: number
  count: number
  first: number
  last: number
}

/** What is exported of one silence. */
export type QuietRecord = readonly [
  key: string,
  until: number,
  count: number,
  first: number,
  last: number,
]

/** The silences of one rule: its keys in the order in which they end. */
export class Suppressor {
  readonly #span: number
  readonly #limit: number
  readonly #quiet = new Map<string, Quiet>()
  /** Keys that found no room: their alerts all go out. */
  refused = 0

  /** `span` in µs; 0 keeps nothing back. */
  constructor(span: number, limit = 65_536) {
    this.#span = span
    this.#limit = limit
  }

  /** Silences that are not over. */
  get size(): number {
    return this.#quiet.size
  }

  /** Judges one more alert; its count is never lost: told by the next alert or by `close`. */
  admit(key: string, time: number): Verdict {
    if (this.#span === 0) return { alert: true, heldBack: undefined }
    const known = this.#quiet.get(key)
    if (known !== undefined && time < known.until) {
      if (known.count === 0) known.first = time
      known.count++
      known.first = Math.min(known.first, time)
      known.last = Math.max(known.last, time)
      return { alert: false }
    }
    this.#quiet.delete(key)
    this.#begin(key, time)
    return { alert: true, heldBack: known && heldBack(known) }
  }

  /** Ends the silences that are over at `time`; tells of those that kept something back. */
  close(time: number, closed: (key: string, heldBack: HeldBack) => void): void {
    for (const [key, quiet] of this.#quiet) {
      if (quiet.until > time) return
      this.#quiet.delete(key)
      const held = heldBack(quiet)
      if (held !== undefined) closed(key, held)
    }
  }

  export(): QuietRecord[] {
    return Array.from(this.#quiet, ([key, { until, count, first, last }]) => {
      return [key, until, count, first, last]
    })
  }

  import(records: readonly QuietRecord[]): void {
    for (const [key, until, count, first, last] of records) {
      if (this.#quiet.size < this.#limit) this.#quiet.set(key, { until, count, first, last })
    }
  }

  #begin(key: string, time: number): void {
    if (this.#quiet.size >= this.#limit) this.#dropOver(time)
    if (this.#quiet.size >= this.#limit) this.refused++
    else this.#quiet.set(key, { until: time + this.#span, count: 0, first: 0, last: 0 })
  }

  /** Makes room; what kept something back stays for `close`. */
  #dropOver(time: number): void {
    for (const [key, { until, count }] of this.#quiet) {
      if (until > time) return
      if (count === 0) this.#quiet.delete(key)
    }
  }
}

function heldBack({ count, first, last }: Quiet): HeldBack | undefined {
  return count === 0 ? undefined : { count, first, last }
}
