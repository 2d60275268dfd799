import { type AddressSlot, type FieldReader, type Slot } from '../fields.ts'

/** The fields that the rules of one kind of event look at, numbered, each with its reader. */
export class SlotTable<Event> {
  readonly reads: Slot<Event>[] = []
  /** Of those that hold an address. */
  readonly addresses: (AddressSlot<Event> | undefined)[] = []
  readonly #numbers = new Map<string | undefined, number>()
  readonly #names: string[] = []
  readonly #reader: FieldReader<Event>

  constructor(reader: FieldReader<Event>) {
    this.#reader = reader
  }

  /** The slot of a field; undefined when such events never have it. */
  of(field: string): number | undefined {
    return this.#number(field, () => this.#reader.slotOf(field))
  }

  /** The slot of all texts that keywords search. */
  get keywords(): number {
    return this.#number(undefined, () => event => this.#reader.texts(event)) ?? -1
  }

  /** The field of a slot, `` for keywords; for guesses about its values. */
  nameOf(slot: number): string {
    return this.#names[slot] ?? ''
  }

  /** Whether the values of a slot are few and cost next to nothing. */
  isCoarse(slot: number): boolean {
    return !this.isKeywords(slot) && this.#reader.isCoarse?.(this.nameOf(slot)) === true
  }

  isKeywords(slot: number): boolean {
    return this.#numbers.get(undefined) === slot
  }

  #number(field: string | undefined, find: () => Slot<Event> | undefined): number | undefined {
    const known = this.#numbers.get(field)
    if (known !== undefined) return known === missing ? undefined : known
    const read = find()
    this.#numbers.set(field, read === undefined ? missing : this.reads.length)
    if (read === undefined) return undefined
    this.#names.push(field ?? '')
    this.addresses.push(field === undefined ? undefined : this.#reader.addressOf?.(field))
    return this.reads.push(read) - 1
  }
}

const missing = -1
