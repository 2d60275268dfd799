import { type FieldReader, type FieldValue, type Slot } from './fields.ts'
import { type Kind } from './mapping/kind.ts'
import { fieldNames } from './mapping/resolve.ts'

/** Reads single fields of events by the names that rules use. */
export class EventFields<Event> {
  readonly #readerOf: (kind: Kind) => FieldReader<Event>
  readonly #kinds = new Map<Kind, KindFields<Event>>()

  constructor(readerOf: (kind: Kind) => FieldReader<Event>) {
    this.#readerOf = readerOf
  }

  of(kind: Kind): KindFields<Event> {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const made = new KindFields(kind, this.#readerOf(kind))
    this.#kinds.set(kind, made)
    return made
  }
}

type Slots<Event> = readonly Slot<Event>[]

/** The fields of events of one kind. */
export class KindFields<Event> {
  readonly #kind: Kind
  readonly #reader: FieldReader<Event>
  readonly #taxonomies = new Map<string, Map<string, Slots<Event>>>()
  /** Most rules are of one taxonomy: the one that was asked for last. */
  #taxonomy = ''
  #fields = new Map<string, Slots<Event>>()

  constructor(kind: Kind, reader: FieldReader<Event>) {
    this.#kind = kind
    this.#reader = reader
  }

  value(event: Event, field: string, taxonomy: string): FieldValue {
    if (taxonomy !== this.#taxonomy) this.#turn(taxonomy)
    const slots = this.#fields.get(field) ?? this.#find(field)
    for (let index = 0; index < slots.length; index++) {
      const value = slots[index]?.(event)
      if (value !== undefined && value !== null) return value
    }
    return undefined
  }

  #turn(taxonomy: string): void {
    this.#taxonomy = taxonomy
    this.#fields = this.#taxonomies.get(taxonomy) ?? new Map<string, Slots<Event>>()
    this.#taxonomies.set(taxonomy, this.#fields)
  }

  #find(field: string): Slots<Event> {
    const names = fieldNames(this.#taxonomy, field, this.#kind)
    const made = names.flatMap(name => this.#reader.slotOf(name) ?? [])
    this.#fields.set(field, made)
    return made
  }
}
