import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { type GuessLimits } from './guesses.ts'
import { destinationKey, pairKey } from './keys.ts'
import { type LoginService } from './login-service.ts'
import { Spread } from './spread.ts'

interface Spray extends Kept {
  readonly hosts: Spread
  attempts: number
  told: boolean
}

const hour = 3600e6
/** Sessions a server on average, in a spray. */
const perHost = 2

/** Counts the servers at which one host guesses a few times each. */
export class Sprays {
  readonly #limits: GuessLimits
  readonly #signal: DetectorContext['signal']
  readonly #sprays: Bounded<Spray>

  constructor(limits: GuessLimits, signal: DetectorContext['signal']) {
    this.#limits = limits
    this.#signal = signal
    const idle = (one: Spray, crowded: boolean) => {
      if (one.attempts > 2) return 2 * hour
      return crowded ? limits.window / 10 : hour
    }
    this.#sprays = new Bounded<Spray>({ limit: limits.pairs, idle })
  }

  get refused(): number {
    return this.#sprays.refused
  }

  advance(time: number): void {
    this.#sprays.advance(time)
  }

  /** Takes a session that was refused; `from` is the key of its source. */
  take(flow: FlowEvent, service: LoginService, from: number): void {
    const { packet } = flow
    const { time } = packet
    const key = pairKey(from, packet.destinationPort, 0x53)
    let spray = this.#sprays.get(key, time)
    if (spray === undefined || time - spray.hosts.start > this.#limits.window) {
      spray = { hosts: new Spread(time), attempts: 0, told: spray?.told ?? false, last: time }
      if (!this.#sprays.add(key, spray, time)) return
    }
    if (time > spray.last) spray.last = time
    spray.attempts++
    spray.hosts.add(destinationKey(packet), time, this.#limits.window)
    const { size } = spray.hosts
    const least = Math.max(3 * service.attempts * this.#limits.factor, size * perHost)
    if (spray.told || size < this.#limits.sprayHosts || spray.attempts < least) return
    spray.told = true
    this.#say(flow, service, spray)
  }

  #say(flow: FlowEvent, service: LoginService, { hosts, attempts }: Spray): void {
    const { sourceIp = '', destinationPort } = flow.packet
    const { seconds, start, size } = hosts
    this.#signal({
      name: 'brute-force',
      score: 0.7,
      entity: sourceIp,
      identity: ['spray', destinationPort, nearestMinute(start)],
      message: `${sourceIp} made ${attempts} ${service.name} sessions with ${size} hosts in ${seconds} s, as who tries passwords does`,
      evidence: { service: service.name, attempts, seconds, hosts: size, manner: 'spray' },
      trigger: flow,
    })
  }
}
