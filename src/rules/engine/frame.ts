import { addressOf } from '../evaluate/cidr.ts'
import { valueText } from '../evaluate/values.ts'
import { type AddressSlot, type FieldValue, type Slot } from '../fields.ts'
import { fold } from '../pattern/fold.ts'
import { parseIpv4 } from './ipv4.ts'
import { type SlotTable } from './slots.ts'

/**
 * One event while rules look at it: each field is read once, folded once, parsed as an address once.
 * A mark is good while it bears the stamp of the present event, so nothing is ever cleared.
 */
export class Frame<Event> {
  event: Event | undefined
  /** Grows by two each event; a remembered answer is the stamp plus 0 or 1. */
  stamp = 0
  /** Whether what rules ask of the event's class is true; else they ask it themselves. */
  isSure = false
  /** Answers of shared nodes, by their number. */
  readonly memo: Float64Array
  readonly values: FieldValue[]
  /** Stamps of `values`. */
  readonly read: Float64Array
  /** Four words for each slot; see `family`. */
  readonly words: Int32Array
  readonly #slots: readonly Slot<Event>[]
  readonly #addresses: readonly (AddressSlot<Event> | undefined)[]
  readonly #texts: (string | undefined)[]
  readonly #folded: Float64Array
  readonly #families: Uint8Array
  readonly #parsed: Float64Array

  constructor(slots: Pick<SlotTable<Event>, 'reads' | 'addresses'>, nodes: number) {
    const count = slots.reads.length
    this.#slots = slots.reads
    this.#addresses = slots.addresses
    this.memo = new Float64Array(nodes)
    this.values = new Array<FieldValue>(count).fill(undefined)
    this.read = new Float64Array(count)
    this.words = new Int32Array(count * 4)
    this.#texts = new Array<string | undefined>(count).fill(undefined)
    this.#folded = new Float64Array(count)
    this.#families = new Uint8Array(count)
    this.#parsed = new Float64Array(count)
  }

  begin(event: Event): void {
    this.event = event
    this.stamp += 2
  }

  value(slot: number): FieldValue {
    if (this.read[slot] !== this.stamp) {
      this.read[slot] = this.stamp
      this.values[slot] = this.#slots[slot]?.(this.event as Event)
    }
    return this.values[slot]
  }

  /** The folded text; undefined for what has none (absent, null, lists, objects). */
  text(slot: number): string | undefined {
    if (this.#folded[slot] !== this.stamp) {
      this.#folded[slot] = this.stamp
      const text = valueText(this.value(slot))
      this.#texts[slot] = text === undefined ? undefined : fold(text)
    }
    return this.#texts[slot]
  }

  /** The text as it is. */
  plain(slot: number): string | undefined {
    return valueText(this.value(slot))
  }

  many(slot: number): boolean {
    return Array.isArray(this.value(slot))
  }

  /** 4, 6 or 0 for what is no address (also lists); its words are then in `words`. */
  family(slot: number): number {
    if (this.#parsed[slot] !== this.stamp) {
      this.#parsed[slot] = this.stamp
      this.#families[slot] = this.#parse(slot)
    }
    return this.#families[slot] ?? 0
  }

  #parse(slot: number): number {
    const at = slot * 4
    const read = this.#addresses[slot]
    if (read !== undefined) return read(this.event as Event, this.words, at)
    const value = this.value(slot)
    if (typeof value !== 'string') return 0
    const word = parseIpv4(value)
    if (word !== undefined) {
      this.words[at] = word
      return 4
    }
    const address = addressOf(value)
    if (address === undefined) return 0
    this.words[at] = address.word0
    this.words[at + 1] = address.word1
    this.words[at + 2] = address.word2
    this.words[at + 3] = address.word3
    return address.family
  }
}
