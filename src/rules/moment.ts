import { type Sighted } from './baseline/key.ts'
import { type Subject } from './correlate/subject.ts'
import { type EventFields, type KindFields } from './event-fields.ts'
import { type FieldValue } from './fields.ts'
import { type Emit } from './finding.ts'
import { type Kind } from './mapping/kind.ts'

/** What is known where a rule matched. */
export interface Moment<Event> {
  readonly event: Event
  readonly kind: Kind
  /** µs of event time. */
  readonly time: number
  /** What correlations and baselines look at. */
  readonly subject: Subject
  readonly emit: Emit<Event>
}

/** The event at hand, in an object that the events after it share. */
export class EventMoment<Event> implements Moment<Event>, Sighted {
  sequence: number
  event: Event
  kind: Kind
  time: number
  emit: Emit<Event>
  /** What takes back what the event taught. */
  learned: (() => void)[] = []
  /** Whether it is part of something critical. */
  critical = false
  readonly #fields: EventFields<Event>
  #own: KindFields<Event>

  constructor(
    fields: EventFields<Event>,
    sequence: number,
    event: Event,
    kind: Kind,
    time: number,
    emit: Emit<Event>,
  ) {
    this.#fields = fields
    this.#own = fields.of(kind)
    this.sequence = sequence
    this.event = event
    this.kind = kind
    this.time = time
    this.emit = emit
  }

  /** The next event, in place of the one before. */
  begin(sequence: number, event: Event, kind: Kind, time: number, emit: Emit<Event>): void {
    if (kind !== this.kind) this.#own = this.#fields.of(kind)
    this.sequence = sequence
    this.event = event
    this.kind = kind
    this.time = time
    this.emit = emit
  }

  /** The event is over: what it taught is taken back when it was part of something critical. */
  end(): void {
    if (this.critical) for (const takeBack of this.learned) takeBack()
    this.critical = false
    if (this.learned.length > 0) this.learned = []
  }

  get subject(): Subject {
    return this
  }

  value(field: string, taxonomy: string): FieldValue {
    return this.#own.value(this.event, field, taxonomy)
  }
}
