import { type Profiles } from '../baseline/profiles.ts'
import { type BaselineStore } from '../baseline/store.ts'
import { type Static, type TObject } from '../config/type.ts'
import { type FlowAction, type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Home } from '../enrich/direction.ts'
import { type Place } from '../enrich/geo-database.ts'
import { type DomainName } from '../enrich/names.ts'
import { type Log } from '../operate/log.ts'
import { type TrafficEvent } from '../protocols/traffic.ts'
import { type Growth } from './growth.ts'
import { type SignalFacts } from './signal.ts'

/** Events that detectors look at. */
export type DetectorEvent = TrafficEvent | DeviceEvent

type Kind = DetectorEvent['kind']

/** One handler for each kind of event that a detector wants; others cost it nothing. */
export type Handlers = {
  readonly [K in Kind]?: (event: Extract<DetectorEvent, { readonly kind: K }>) => void
}

/** A detector at work. Its state is bounded; what does not fit is refused and counted. */
export interface Detector {
  readonly on: Handlers
  /** Of conversations only these: all, unless it says so. */
  readonly flows?: readonly FlowAction[]
  /** Event time, µs, has come so far: called once a second of it, also on an idle line. */
  advance?(time: number): void
  /** How full its tables are and what they refused, for the summary: `{ sources: 3, refused: 0 }`. */
  counts?(): Readonly<Record<string, number>>
  /** Somebody asks to read anew what came from files. */
  reload?(): void
  /** The end: what is under way is over when it resolves. */
  close?(): Promise<void>
}

/** What a detector may ask of the sensor around it. */
export interface DetectorContext {
  /** Says a finding; its time is that of the event at hand, or of `advance`. */
  signal(facts: SignalFacts): void
  /** Names of the signals that were said of an entity since `then` (µs) with a score of 0.6 or more. */
  said(entity: string, then: number): readonly string[]
  /** Our own networks, as they are at this moment. */
  home(): Home
  readonly devices: Devices
  /** What a client resolved this destination as, or another source of its name. */
  destinationName(packet: Packet, start: number): DomainName | undefined
  /** What the source resolved to the destination, whatever the conversation says. */
  resolvedName(packet: Packet, start: number): string | undefined
  /** Where an address of the internet is, as far as the data says (words in network order). */
  place(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): Place | undefined
  /** The protocol of a flow by its content, as `network.protocol` has it. */
  protocolName(flow: FlowEvent): string | undefined
  /** Long memory: what was seen before. A detector's baselines have ids that begin `detector.`. */
  readonly baselines: BaselineStore
  /** Long memory of numbers: what a device does in an hour. */
  readonly profiles: Profiles
  /** What a conversation carried since it was last told. */
  readonly growth: Growth
  /** How long to learn, µs: what the detector's options say, unless the run says otherwise (`--learn`). */
  learning(own: number): number
  /** Where the sensor keeps what it remembers. */
  readonly directory: string
  /** false in a replay, which must be the same every time: nothing is fetched, nothing read anew. */
  readonly live: boolean
  readonly log: Log
}

/** A signal that a detector can say, for `docs/detectors.md`. */
export interface SignalDoc {
  readonly name: string
  /** When it is said, in a sentence. */
  readonly when: string
  /** Members of its evidence, each with its meaning and unit. */
  readonly evidence: Readonly<Record<string, string>>
}

export interface DetectorKind<S extends TObject = TObject> {
  /** Options, each with a default and a sentence; its description says what the detector finds. */
  readonly schema: S
  readonly signals: readonly SignalDoc[]
  open(options: Static<S>, context: DetectorContext): Detector
}

/** One detector: its options, its signals, and how to open one. One file a detector. */
export function defineDetector<S extends TObject>(kind: DetectorKind<S>): DetectorKind<S> {
  return kind
}
