import { ipText } from '../decode/address.ts'
import { nearestHour } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { hasPorts } from '../decode/protocol.ts'
import { type Direction } from '../enrich/direction.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { Distinct } from './distinct.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'
import { isForMany, isOtherPrefix, isStealthy, type Technique } from './probe.ts'
import { directionOf } from './source.ts'
import { Spread } from './spread.ts'

/** Limits as the configuration has them; durations in µs. */
export interface ScanLimits {
  readonly window: number
  readonly longWindow: number
  readonly idle: number
  readonly ports: number
  readonly hosts: number
  readonly slowPorts: number
  readonly slowHosts: number
  readonly mixed: number
  /** Times as much room for what hosts of ours fail at outside. */
  readonly room: number
  readonly sources: number
  readonly entries: number
}

/** What is scanned: ports of a host, hosts for a port, or both at once. */
export type ScanKind = 'port-scan' | 'host-sweep' | 'mixed-scan'

interface Source extends Kept {
  readonly pairs: Spread
  readonly hosts: Distinct
  /** How many pairs of host and port it had tried when that kind was told of. */
  readonly told: Partial<Record<ScanKind, number>>
}

/** µs for one single probe to be followed by another; less when the tables are full. */
const patience = { usual: 600e6, crowded: 30e6 }
const growth = 10
/** Ports of a host, on average, that make a mixture a scan: who looks after many asks each for one or two. */
const portsEach = 3
/** Windows without a probe after which a fast scan is over: then it is scanned again. */
const pauses = 2

/** Who probes what. Every probe is two or three look-ups; state per source and target, bounded. */
export class Scans {
  readonly #limits: ScanLimits
  readonly #context: Pick<DetectorContext, 'signal' | 'home'>
  readonly #sources: Bounded<Source>
  readonly #spreads: Bounded<Spread>

  constructor(limits: ScanLimits, context: Pick<DetectorContext, 'signal' | 'home'>) {
    this.#limits = limits
    this.#context = context
    const { sources, entries, idle } = limits
    const idleOf = ({ size }: Spread, crowded: boolean) => {
      if (size > 1) return idle
      return crowded ? patience.crowded : patience.usual
    }
    this.#spreads = new Bounded({ limit: entries, idle: idleOf })
    this.#sources = new Bounded({ limit: sources, idle: ({ pairs }, full) => idleOf(pairs, full) })
  }

  get counts() {
    return {
      sources: this.#sources.size,
      entries: this.#spreads.size,
      refused: this.#sources.refused + this.#spreads.refused,
    }
  }

  advance(time: number): void {
    this.#sources.advance(time)
    this.#spreads.advance(time)
  }

  /** Takes a flow that was a probe. */
  probe(flow: FlowEvent, technique: Technique): void {
    const { packet } = flow
    if (isForMany(packet)) return
    const direction = directionOf(this.#context.home(), packet)
    const [from, to] = [sourceKey(packet), destinationKey(packet)]
    const port = hasPorts(packet.protocol) ? packet.destinationPort : 0
    const source = this.#source(flow, from, pairKey(to, port))
    source?.hosts.add(to)
    if (technique !== 'ping') this.#ports(flow, technique, direction, source, from, to)
    if (isSweep(technique, direction)) this.#hosts(flow, technique, direction, source, from, to)
    if (source !== undefined && direction !== 'outbound') this.#mixed(flow, technique, source)
  }

  #source(flow: FlowEvent, from: number, pair: number): Source | undefined {
    const { time } = flow.packet
    let source = this.#sources.get(from, time)
    if (source === undefined || source.pairs.isOver(time, pauses * this.#limits.window)) {
      if (source === undefined && !this.#sources.admits(time)) return undefined
      source = { pairs: new Spread(time), hosts: new Distinct(), told: {}, last: time }
      this.#sources.add(from, source, time)
    }
    source.pairs.add(pair, time, this.#limits.window, flow.start)
    if (time > source.last) source.last = time
    return source
  }

  #ports(
    flow: FlowEvent,
    technique: Technique,
    direction: Direction | undefined,
    source: Source | undefined,
    from: number,
    to: number,
  ): void {
    const { packet } = flow
    const spread = this.#spread(pairKey(from, to, packet.protocol), packet.time)
    if (!spread?.add(packet.destinationPort, packet.time, this.#limits.window, flow.start)) return
    const { ports, slowPorts } = this.#limits
    const more = technique === 'udp' || direction === 'outbound' ? 2 : 1
    const fast = isStealthy(technique) ? Math.ceil(ports / 3) : ports * more
    if (!spread.crosses(fast, slowPorts * more) || !isNews(source, 'port-scan', spread)) return
    const { sourceIp = '', destinationIp = '' } = packet
    const what = `${spread.size} ${packet.protocol === 17 ? 'UDP ' : ''}ports of ${destinationIp}`
    const facts = { ports: spread.size, first_ports: [...spread.values.first] }
    const target = destinationIp
    this.#say(flow, { kind: 'port-scan', technique, spread, fast, what, facts, target, sourceIp })
  }

  #hosts(
    flow: FlowEvent,
    technique: Technique,
    direction: Direction | undefined,
    source: Source | undefined,
    from: number,
    to: number,
  ): void {
    const { packet } = flow
    const port = hasPorts(packet.protocol) ? packet.destinationPort : 0
    // Hosts outside are counted by themselves: one of ours that is down as well makes them no sweep.
    const isFar = direction === 'outbound' || (direction === 'external' && isOtherPrefix(packet))
    const salt = (isFar ? 0x20000 : 0x10000) + packet.protocol
    const spread = this.#spread(pairKey(from, port, salt), packet.time)
    if (!spread?.add(to, packet.time, this.#limits.window, flow.start)) return
    const { hosts, slowHosts, room } = this.#limits
    const more = isFar ? room : 1
    const fast = isStealthy(technique) ? Math.ceil(hosts / 3) : hosts * more
    if (!spread.crosses(fast, slowHosts * more) || !isNews(source, 'host-sweep', spread)) return
    const { sourceIp = '' } = packet
    const how = technique === 'ping' ? 'with pings' : `on port ${port}`
    const facts = { hosts: spread.size, first_hosts: addressTexts(packet.family, spread) }
    const what = `${spread.size} hosts ${how}`
    const target = `${packet.protocol}/${port}`
    this.#say(flow, { kind: 'host-sweep', technique, spread, fast, what, facts, target, sourceIp })
  }

  #mixed(flow: FlowEvent, technique: Technique, source: Source): void {
    const { pairs, told } = source
    const { mixed } = this.#limits
    if (told['port-scan'] !== undefined || told['host-sweep'] !== undefined) return
    if (pairs.size < portsEach * source.hosts.size) return
    if (!pairs.crosses(mixed, mixed * 4) || !isNews(source, 'mixed-scan', pairs)) return
    const { sourceIp = '' } = flow.packet
    const what = `${pairs.size} pairs of host and port`
    const facts = { pairs: pairs.size }
    const spread = pairs
    this.#say(flow, {
      kind: 'mixed-scan',
      technique,
      spread,
      fast: mixed,
      what,
      facts,
      target: '',
      sourceIp,
    })
  }

  #spread(key: number, time: number): Spread | undefined {
    const known = this.#spreads.get(key, time)
    const { longWindow, window } = this.#limits
    const isOver = known?.isOver(time, pauses * window)
    if (known !== undefined && !isOver && time - known.start <= longWindow) return known
    if (known === undefined && !this.#spreads.admits(time)) return undefined
    const spread = new Spread(time)
    this.#spreads.add(key, spread, time)
    return spread
  }

  #say(
    flow: FlowEvent,
    { kind, technique, spread, fast, what, facts, target, sourceIp }: News,
  ): void {
    const seconds = spread.seconds
    if (spread.isFast(fast)) {
      const source = this.#sources.get(sourceKey(flow.packet), flow.packet.time)
      if (source !== undefined) source.pairs.isBout = true
      spread.isBout = true
    }
    this.#context.signal({
      name: kind,
      score: scoreOf(technique, spread.isFast(fast)),
      entity: sourceIp,
      identity: [kind, target, nearestHour(spread.begun), spread.tellings],
      message: `${sourceIp} tried ${what} in ${seconds} s (${technique})`,
      evidence: { ...facts, technique, seconds },
      trigger: flow,
    })
  }
}

interface News {
  readonly kind: ScanKind
  readonly technique: Technique
  readonly spread: Spread
  readonly fast: number
  readonly what: string
  readonly facts: Readonly<Record<string, number | readonly number[] | readonly string[]>>
  readonly target: string
  readonly sourceIp: string
}

/**
 * A source is told of once for each kind, and again when it has tried ten times as much since: who
 * scans a whole network is one alert, not one for each host and port.
 */
function isNews(source: Source | undefined, kind: ScanKind, spread: Spread): boolean {
  if (source === undefined) return spread.isNews()
  const before = source.told[kind]
  if (before !== undefined && source.pairs.size < growth * before) return false
  source.told[kind] = source.pairs.size
  spread.tellings++
  return true
}

/** A connection that was taken is no sign of a sweep, and outside many do not answer UDP. */
function isSweep(technique: Technique, direction: Direction | undefined): boolean {
  return technique !== 'connect' && (technique !== 'udp' || direction !== 'outbound')
}

function scoreOf(technique: Technique, fast: boolean): number {
  if (isStealthy(technique)) return 0.95
  return fast ? 0.8 : 0.6
}

/** Keys of IPv4 addresses are the addresses; those of IPv6 cannot be turned back. */
function addressTexts(family: number, { values }: Spread): string[] {
  return family === 4 ? values.first.flatMap(key => ipText(4, key | 0, 0, 0, 0) ?? []) : []
}
