/**
 * A value of an event's field: undefined where the field is absent, null where it is there without a
 * value; lists where it has many; `object` where it has members of its own.
 */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly FieldValue[]
  | Readonly<Record<string, unknown>>

/** Reads one field out of an event. */
export type Slot<Event> = (event: Event) => FieldValue

/**
 * Writes the address that a field of an event holds, four signed words in network order, to `words`
 * from `at` on, and returns its family; 0 where the field is absent. IPv4 inside IPv6 is IPv4.
 */
export type AddressSlot<Event> = (event: Event, words: Int32Array, at: number) => 0 | 4 | 6

/** How the fields of one kind of event are read: the only way that rules look at events. */
export interface FieldReader<Event> {
  /** The reader of a field by its ECS name; undefined when such events never have it. */
  slotOf(field: string): Slot<Event> | undefined
  /** The reader of a field that is always one address or absent, where no text need be made of it. */
  addressOf?(field: string): AddressSlot<Event> | undefined
  /** Whether a field has few values and costs next to nothing to read. */
  isCoarse?(field: string): boolean
  /** The texts that keywords search. */
  texts(event: Event): readonly string[]
}
