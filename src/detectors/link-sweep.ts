import { ipText } from '../decode/address.ts'
import { type ArpEvent } from '../decode/arp.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { type Gateways } from './gateways.ts'
import { addressKey, linkKey, macKey, sourceKey } from './keys.ts'
import { Spread } from './spread.ts'

interface Question {
  readonly event: ArpEvent | NdpEvent
  /** What is asked for, and the same on its link. */
  readonly target: number
  readonly key: number
}

/** µs that an answer may take. */
const wait = 2e6
/** Windows without a question after which a fast sweep is over: then it is another. */
const pauses = 2
/** µs for which an address that was heard of counts as there. */
const present = 900e6
const mostWaiting = 4096
const mostHeard = 16_384
const mostAskers = 4096

export interface LinkSweepLimits {
  /** Addresses nobody has, asked for in a window and in all. */
  readonly targets: number
  readonly slowTargets: number
  /** µs. */
  readonly window: number
  readonly longWindow: number
  readonly idle: number
}

/**
 * Who asks, in ARP or neighbour discovery, for addresses that nobody has. A question is judged when
 * the answer had its time, so that servers with many clients do not count.
 */
export class LinkSweep {
  readonly #limits: LinkSweepLimits
  readonly #parts: SweepParts
  readonly #heard = new Bounded<Kept>({ limit: mostHeard, idle: () => present })
  readonly #askers: Bounded<Spread>
  readonly #waiting: Question[] = []

  constructor(limits: LinkSweepLimits, parts: SweepParts) {
    this.#limits = limits
    this.#parts = parts
    this.#askers = new Bounded({ limit: mostAskers, idle: () => limits.idle })
  }

  get refused(): number {
    return this.#askers.refused + this.#heard.refused
  }

  advance(time: number): void {
    this.#judge(time)
    this.#heard.advance(time)
    this.#askers.advance(time)
  }

  arp(event: ArpEvent): void {
    const { packet, operation } = event
    if (packet.family !== 4) return
    if (packet.source0 !== 0) this.#hear(linkKey(packet, packet.source0 >>> 0), packet.time)
    if (operation !== 1 || packet.source0 === packet.destination0) return
    this.#ask(event, packet.destination0 >>> 0)
  }

  ndp(event: NdpEvent): void {
    const { packet, target } = event
    const own = packet.source0 | packet.source1 | packet.source2 | packet.source3
    if (own !== 0) this.#hear(linkKey(packet, sourceKey(packet)), packet.time)
    if (target === undefined) return
    const { word0, word1, word2, word3 } = target
    const key = addressKey(6, word0, word1, word2, word3)
    if (event.action === 'neighbor-advertisement') this.#hear(linkKey(packet, key), packet.time)
    // RFC 4862 5.4.2: who asks without an address of its own looks whether it may have this one.
    else if (event.action === 'neighbor-solicitation' && own !== 0) this.#ask(event, key)
  }

  #hear(key: number, time: number): void {
    const known = this.#heard.get(key, time)
    if (known === undefined) this.#heard.add(key, { last: time }, time)
    else known.last = time
  }

  #ask(event: ArpEvent | NdpEvent, target: number): void {
    this.#judge(event.packet.time)
    const key = linkKey(event.packet, target)
    if (this.#heard.get(key, event.packet.time) !== undefined) return
    if (this.#waiting.length >= mostWaiting) this.#count(this.#waiting.shift())
    this.#waiting.push({ event, target, key })
  }

  /** Looks at the questions whose answers had their time. */
  #judge(time: number): void {
    let done = 0
    for (const { event } of this.#waiting) {
      if (time - event.packet.time < wait) break
      done++
    }
    for (const question of this.#waiting.splice(0, done)) this.#count(question)
  }

  #count(question: Question | undefined): void {
    if (question === undefined) return
    const { event, target, key } = question
    const { packet } = event
    const { window, targets, slowTargets } = this.#limits
    if (this.#heard.get(key, packet.time + wait) !== undefined) return
    const asker = linkKey(packet, macKey(packet.sourceMacHigh, packet.sourceMacLow))
    const spread = this.#asker(asker, packet.time)
    if (!spread?.add(target, packet.time, window)) return
    const { sourceMacHigh, sourceMacLow } = packet
    const room = this.#parts.gateways.room(sourceMacHigh, sourceMacLow)
    if (!spread.crosses(targets * room, slowTargets * room) || !spread.isNews()) return
    spread.isBout = spread.isFast(targets * room)
    this.#say(event, spread, spread.isBout)
  }

  #asker(key: number, time: number): Spread | undefined {
    const known = this.#askers.get(key, time)
    const { longWindow, window } = this.#limits
    const isOver = known?.isOver(time, pauses * window)
    if (known !== undefined && !isOver && time - known.start <= longWindow) return known
    const spread = new Spread(time)
    return this.#askers.add(key, spread, time) ? spread : undefined
  }

  #say(event: ArpEvent | NdpEvent, spread: Spread, fast: boolean): void {
    const { packet } = event
    // Who asks without an address (arp-scan and others can) is known by the card.
    const hasAddress = packet.family !== 4 || packet.source0 !== 0
    const entity = (hasAddress ? packet.sourceIp : undefined) ?? packet.sourceMac ?? ''
    const technique = event.kind
    const first = packet.family === 4 ? spread.values.first : []
    this.#parts.signal({
      name: 'host-sweep',
      score: fast ? 0.8 : 0.6,
      entity,
      identity: ['host-sweep', technique, nearestMinute(spread.start), spread.tellings],
      message: `${entity} asked for ${spread.size} addresses that nobody has in ${spread.seconds} s (${technique})`,
      evidence: {
        hosts: spread.size,
        first_hosts: first.flatMap(key => ipText(4, key | 0, 0, 0, 0) ?? []),
        technique,
        seconds: spread.seconds,
      },
      trigger: event,
    })
  }
}

interface SweepParts extends Pick<DetectorContext, 'signal'> {
  readonly gateways: Gateways
}
