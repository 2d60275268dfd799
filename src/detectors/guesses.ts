import { type Baseline } from '../baseline/store.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { GuessCrowds } from './guess-crowds.ts'
import { Sprays } from './guess-sprays.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'
import { judgeSession, type LoginService, type Verdict } from './login-service.ts'
import { type SshOpening } from './ssh-opening.ts'

export interface GuessLimits {
  /** µs. */
  readonly window: number
  /** Times the usual number of a service. */
  readonly factor: number
  readonly slow: number
  readonly sprayHosts: number
  readonly pairs: number
}

/** Refused sessions of a client with a server. Times in µs. */
interface Pair extends Kept {
  readonly start: number
  windowStart: number
  inWindow: number
  /** Passwords in them, where that can be told. */
  guesses: number
  attempts: number
  mean: number
  /** Sum of the squares of what differs from the mean (Welford). */
  squares: number
  /** Attempts when it was told of, 0 for never. */
  told: number
  /** Whether they had short sessions on days before, too: a script, or monitoring. */
  readonly usual: boolean
}

const day = 86_400e6
const hour = 3600e6
const growth = 10
/** Times as many sessions for two hosts that always had short ones. */
const usualRoom = 6
/** Sessions that are refused are alike. */
const mostDeviation = 0.5
/** Sessions in which as many passwords are tried as in ten times as many, or so: twice what is too much. */
const fewSessions = 0.4
const manyGuesses = 2

interface Refusal {
  readonly key: number
  readonly from: number
  readonly verdict: Verdict
}

/** Counts sessions that look as if nobody was let in. */
export class Guesses {
  readonly #limits: GuessLimits
  readonly #signal: DetectorContext['signal']
  readonly #memory: Baseline
  readonly #pairs: Bounded<Pair>
  readonly #sprays: Sprays
  readonly #crowds: GuessCrowds

  constructor(limits: GuessLimits, parts: Pick<DetectorContext, 'signal' | 'baselines' | 'home'>) {
    this.#limits = limits
    this.#signal = parts.signal
    const idle = (one: Pair, crowded: boolean) => {
      if (one.attempts > 2) return 2 * hour
      return crowded ? limits.window / 10 : hour
    }
    this.#pairs = new Bounded<Pair>({ limit: limits.pairs, idle })
    this.#sprays = new Sprays(limits, parts.signal)
    this.#crowds = new GuessCrowds(limits, parts)
    this.#memory = parts.baselines.open({
      id: 'detector.brute-force.pairs',
      hash: '1',
      forgetAfter: 30 * day,
      limits: { entities: 65_536, valuesPerEntity: 1, overflow: 'freeze' },
    })
  }

  get counts() {
    const refused = this.#pairs.refused + this.#sprays.refused + this.#crowds.refused
    return { pairs: this.#pairs.size, refused }
  }

  advance(time: number): void {
    this.#pairs.advance(time)
    this.#sprays.advance(time)
    this.#crowds.advance(time)
  }

  /** Takes what is known of a session with a service; `opening` of its keys, where it exchanged some. */
  take(flow: FlowEvent, service: LoginService, opening: SshOpening | undefined): void {
    const verdict = judgeSession(flow, service, opening)
    if (verdict.guesses === 0 && !verdict.isUsed) return
    const { packet } = flow
    const from = sourceKey(packet)
    const key = pairKey(from, destinationKey(packet), packet.destinationPort)
    if (verdict.isUsed) this.#used(flow, service, key)
    else this.#refused(flow, service, { key, from, verdict })
    if (service.polled !== true) this.#crowds.take(flow, service, verdict, opening !== undefined)
  }

  #refused(flow: FlowEvent, service: LoginService, { key, from, verdict }: Refusal): void {
    const { packet, destinationPayload } = flow
    const pair = this.#pair(key, flow)
    if (pair === undefined) return
    count(pair, destinationPayload, verdict.guesses, packet.time, this.#limits.window)
    const manner = this.#mannerOf(pair, service)
    if (manner !== undefined && (pair.told === 0 || pair.attempts >= growth * pair.told)) {
      pair.told = pair.attempts
      this.#say(flow, service, pair, manner)
    }
    if (pair.told === 0 && !pair.usual) this.#sprays.take(flow, service, from)
  }

  #mannerOf(pair: Pair, { attempts, polled = false }: LoginService): 'fast' | 'slow' | undefined {
    if (deviation(pair) > mostDeviation) return undefined
    const enough = attempts * this.#limits.factor * (pair.usual ? usualRoom : 1)
    if (pair.inWindow >= enough) return 'fast'
    if (pair.inWindow >= fewSessions * enough && pair.guesses >= manyGuesses * enough) return 'fast'
    return !pair.usual && !polled && pair.attempts >= this.#limits.slow ? 'slow' : undefined
  }

  /** A session in which something was done, after many that were refused. */
  #used(flow: FlowEvent, service: LoginService, key: number): void {
    const pair = this.#pairs.get(key, flow.packet.time)
    if (pair === undefined || pair.told === 0) return
    this.#pairs.delete(key)
    const { sourceIp = '', destinationIp = '' } = flow.packet
    const { destinationPayload } = flow
    this.#signal({
      name: 'brute-force-success',
      score: 0.7,
      entity: sourceIp,
      identity: [destinationIp, flow.packet.destinationPort, nearestMinute(pair.start)],
      message: `after ${pair.attempts} short sessions, ${sourceIp} was let in to ${service.name} on ${destinationIp}, as it seems`,
      evidence: {
        service: service.name,
        attempts: pair.attempts,
        bytes: destinationPayload,
        mean_bytes: Math.round(pair.mean),
      },
      trigger: flow,
    })
  }

  #pair(key: number, { packet }: FlowEvent): Pair | undefined {
    const known = this.#pairs.get(key, packet.time)
    if (known !== undefined && packet.time - known.start <= day) return known
    const { sourceIp, destinationIp, destinationPort, time } = packet
    const entity = `${sourceIp} ${destinationIp} ${destinationPort}`
    const before = this.#memory.observe(entity, undefined, time).entity
    const usual = before !== undefined && before.days > 1
    const counts = { inWindow: 0, guesses: 0, attempts: 0, mean: 0, squares: 0, told: 0 }
    const pair = { start: time, last: time, windowStart: time, ...counts, usual }
    return this.#pairs.add(key, pair, time) ? pair : undefined
  }

  #say(flow: FlowEvent, service: LoginService, pair: Pair, manner: 'fast' | 'slow'): void {
    const { sourceIp = '', destinationIp = '', destinationPort } = flow.packet
    const { attempts, start, last, mean } = pair
    const seconds = Math.round((last - start) / 1e6)
    this.#signal({
      name: 'brute-force',
      score: manner === 'fast' ? 0.8 : 0.6,
      entity: sourceIp,
      identity: [destinationIp, destinationPort, nearestMinute(start), attempts],
      message: `${sourceIp} made ${attempts} short ${service.name} sessions with ${destinationIp} in ${seconds} s, as who tries passwords does`,
      evidence: {
        service: service.name,
        attempts,
        seconds,
        mean_bytes: Math.round(mean),
        deviation: Math.round(100 * deviation(pair)) / 100,
        manner,
      },
      trigger: flow,
    })
  }
}

function count(pair: Pair, bytes: number, guesses: number, time: number, window: number): void {
  if (time - pair.windowStart > window) {
    pair.windowStart = time
    pair.inWindow = 0
    pair.guesses = 0
  }
  if (time > pair.last) pair.last = time
  pair.inWindow++
  pair.guesses += guesses
  pair.attempts++
  const difference = bytes - pair.mean
  pair.mean += difference / pair.attempts
  pair.squares += difference * (bytes - pair.mean)
}

/** Standard deviation as a share of the mean. */
function deviation({ attempts, mean, squares }: Pair): number {
  return attempts < 2 ? 0 : Math.sqrt(squares / (attempts - 1)) / mean
}
