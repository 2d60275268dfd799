import { type BaselineStore } from '../baseline/store.ts'
import { type DetectorOptions } from '../config/detectors.ts'
import { type FlowAction } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type DomainName } from '../enrich/names.ts'
import { type Detector, type DetectorContext, type DetectorEvent } from './detector.ts'
import * as registry from './index.ts'
import { Said } from './said.ts'
import { type Signal, type SignalFacts } from './signal.ts'

/** Counters of each detector that has some: how full its tables are, and what they refused. */
export type DetectorCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

const flowActions: readonly FlowAction[] = ['start', 'update', 'end']

type Handler = (event: DetectorEvent) => void

export interface DetectorsParts extends Omit<DetectorContext, 'signal' | 'said'> {
  /** Takes each finding, in the order in which they are made. */
  readonly signal: (signal: Signal) => void
}

/** Name of a detector as the configuration writes it: `icmpTunnel` is `icmp-tunnel`. */
export function detectorName(key: string): string {
  return key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** All detectors that are switched on. Each sees the events of the kinds that it asked for. */
export class Detectors {
  /** Handlers by the kind of event; those of flows by what is told of them. */
  readonly #table = new Map<string, Handler[]>()
  readonly #forgetName: () => void
  readonly #detectors = new Map<string, Detector>()
  readonly #signal: (signal: Signal) => void
  readonly #baselines: BaselineStore
  readonly #said = new Said()
  #time = 0
  #next = Number.NEGATIVE_INFINITY

  constructor(options: DetectorOptions, parts: DetectorsParts) {
    this.#signal = parts.signal
    const names = namesOnce(parts.destinationName)
    const said = (entity: string, then: number) => this.#said.since(entity, then, this.#time)
    this.#forgetName = names.forget
    this.#baselines = parts.baselines
    for (const [key, kind] of Object.entries(registry)) {
      const name = detectorName(key)
      const own = options[name]
      if (own === undefined || own['enabled'] === false) continue
      const signal = (facts: SignalFacts) => this.#say(name, facts)
      const context = { ...parts, destinationName: names.ask, signal, said }
      this.#add(name, kind.open(own as never, context))
    }
  }

  take(event: DetectorEvent): void {
    const time = event.kind === 'device' ? event.time : event.packet.time
    if (time > this.#time) this.#time = time
    const handlers = this.#table.get(event.kind === 'flow' ? event.action : event.kind)
    if (handlers === undefined) return
    this.#forgetName()
    for (const handle of handlers) handle(event)
  }

  /** Event time, µs, has come so far; does something once a second of it. */
  advance(time: number): void {
    if (time < this.#next) return
    this.#next = time + 1e6
    if (time > this.#time) this.#time = time
    // Detectors remember too, also where no rule does and moves this clock.
    this.#baselines.advance(time)
    this.#said.advance(time)
    for (const detector of this.#detectors.values()) detector.advance?.(time)
  }

  /** Each reads anew what it has from files. */
  reload(): void {
    for (const detector of this.#detectors.values()) detector.reload?.()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#detectors.values()].map(detector => detector.close?.()))
  }

  /** Counters of each detector that has some. */
  get counts(): DetectorCounts {
    const counted = [...this.#detectors].flatMap(([name, detector]) => {
      const counts = detector.counts?.()
      return counts === undefined ? [] : [[name, counts] as const]
    })
    return Object.fromEntries(counted)
  }

  #add(name: string, detector: Detector): void {
    this.#detectors.set(name, detector)
    for (const [kind, handler] of Object.entries(detector.on)) {
      const keys = kind === 'flow' ? (detector.flows ?? flowActions) : [kind]
      for (const key of keys) {
        const known = this.#table.get(key)
        if (known === undefined) this.#table.set(key, [handler as Handler])
        else known.push(handler as Handler)
      }
    }
  }

  #say(detector: string, facts: SignalFacts): void {
    this.#said.add(facts, this.#time)
    this.#signal({ ...facts, kind: 'signal', detector, time: this.#time })
  }
}

/** Several detectors ask for the name of one conversation, one after the other. */
function namesOnce(find: DetectorContext['destinationName']) {
  let last: Packet | undefined
  let at = 0
  let name: DomainName | undefined
  return {
    ask(packet: Packet, start: number): DomainName | undefined {
      if (packet === last && start === at) return name
      last = packet
      at = start
      name = find(packet, start)
      return name
    },
    forget() {
      last = undefined
    },
  }
}
