import { type Subject } from './correlate/subject.ts'
import { type FieldReader, type FieldValue, type Slot } from './fields.ts'
import { type Kind } from './mapping/kind.ts'
import { fieldNames } from './mapping/resolve.ts'

/** Reads single fields of events by the names that rules use. */
export class EventFields<Event> {
  readonly #readerOf: (kind: Kind) => FieldReader<Event>
  /** By taxonomy, kind and field: no text is made to look one up. */
  readonly #known = new Map<string, Map<Kind, Map<string, readonly Slot<Event>[]>>>()

  constructor(readerOf: (kind: Kind) => FieldReader<Event>) {
    this.#readerOf = readerOf
  }

  /** The event as what correlations and baselines look at. */
  subject(event: Event, kind: Kind): Subject {
    return { value: (field, taxonomy) => this.#value(event, kind, field, taxonomy) }
  }

  #value(event: Event, kind: Kind, field: string, taxonomy: string): FieldValue {
    for (const read of this.#slots(kind, field, taxonomy)) {
      const value = read(event)
      if (value !== undefined && value !== null) return value
    }
    return undefined
  }

  #slots(kind: Kind, field: string, taxonomy: string): readonly Slot<Event>[] {
    const known = this.#known.get(taxonomy)?.get(kind)?.get(field)
    if (known !== undefined) return known
    const reader = this.#readerOf(kind)
    const made = fieldNames(taxonomy, field, kind).flatMap(name => reader.slotOf(name) ?? [])
    const kinds = this.#known.get(taxonomy) ?? new Map<Kind, Map<string, readonly Slot<Event>[]>>()
    this.#known.set(taxonomy, kinds.set(kind, (kinds.get(kind) ?? new Map()).set(field, made)))
    return made
  }
}
