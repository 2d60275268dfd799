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

/** How the fields of one kind of event are read: the only way that rules look at events. */
export interface FieldReader<Event> {
  /** The reader of a field by its ECS name; undefined when such events never have it. */
  slotOf(field: string): Slot<Event> | undefined
  /** The texts that keywords search. */
  texts(event: Event): readonly string[]
}
