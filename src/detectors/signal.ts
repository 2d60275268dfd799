import { type TrafficEvent } from '../protocols/traffic.ts'

/** A value that convinced a detector; names are those of `orthrus.signal.evidence.*`. */
export type EvidenceValue = string | number | boolean | readonly string[] | readonly number[]

/** What a detector found out. It is no alert: a rule decides whether it becomes one. */
export interface SignalFacts {
  /** `orthrus.signal.name`, such as `arp-spoof`; a detector may have several. */
  readonly name: string
  /** How sure the detector is, 0 to 1. */
  readonly score: number
  /** Whom it is about, as one text: an address, a MAC, a name. */
  readonly entity: string
  /**
   * What tells this finding from the detector's others about the entity, the same in every replay:
   * a window, a peer, a name. Part of the alert's `event.id`.
   */
  readonly identity: readonly (string | number)[]
  /** One sentence for a person: who did what, with the numbers that say so. */
  readonly message: string
  readonly evidence: Readonly<Record<string, EvidenceValue | undefined>>
  /** ECS fields by their dotted names, where there is no `trigger` or it says something else. */
  readonly fields?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** The event that completed it: the signal has its fields too, but for those `without`. */
  readonly trigger?: TrafficEvent
  /** Fields of the trigger, by their dotted names, that tell of somebody it is not about. */
  readonly without?: readonly string[]
}

export interface Signal extends SignalFacts {
  readonly kind: 'signal'
  /** Name of the detector that says it. */
  readonly detector: string
  /** µs of event time. */
  readonly time: number
}
