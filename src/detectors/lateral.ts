import { type Baseline } from '../baseline/store.ts'
import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { adminServices } from './admin-services.ts'
import { Bounded } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'
import { directionOf } from './source.ts'
import { Spread } from './spread.ts'

const isAdmin = new Uint8Array(65_536)
for (const port of adminServices.keys()) isAdmin[port] = 1

/** Bytes of the client that are more than a look at what answers. */
const leastSaid = 100
const day = 86_400e6

/**
 * A host rules another that it never ruled before (ATT&CK T1021). One is a new colleague at work;
 * several in an hour are somebody who goes from machine to machine.
 */
export const lateral = defineDetector({
  schema: section('Hosts that administer others that they never did before.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    learn: duration({
      default: '3d',
      minDuration: '0ms',
      maxDuration: '90d',
      description:
        'Time for which a host is watched before its new peers are told of; until then only twice as many as below, and not of SSH.',
    }),
    fan_out: Type.Integer({
      default: 4,
      minimum: 2,
      maximum: 100_000,
      description: 'New peers of one host within the window that make a fan-out.',
    }),
    window: duration({
      default: '1h',
      minDuration: '1m',
      maxDuration: '1d',
      description: 'Time in which new peers are counted.',
    }),
    common: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 100_000,
      description: 'Clients of a service by which it is everybody’s server, such as that of files.',
    }),
    peers: Type.Integer({
      default: 65_536,
      minimum: 256,
      maximum: 16_777_216,
      description: 'Hosts whose peers are remembered; new ones beyond are refused and counted.',
    }),
  }),
  signals: [
    {
      name: 'lateral-peer',
      when: 'A host of ours has a session with an administration service of another, for the first time since it was learnt.',
      evidence: {
        service: 'ssh, telnet, rpc, smb, rdp, vnc, winrm, docker, kubernetes …',
        peers: 'services that the host used before',
        users: 'hosts that use this service of the peer',
        days: 'days on which the host was seen with such services',
      },
    },
    {
      name: 'lateral-fan-out',
      when: 'A host of ours has several such new peers in a short time.',
      evidence: {
        service: 'that of the latest peer',
        new_peers: 'hosts that were no peers before, in the window',
        peers: 'services that the host used before',
        seconds: 'from the first new peer to the last',
      },
    },
  ],
  open(options, { signal, home, baselines, learning }) {
    const µs = (text: string | number) => milliseconds(text) * 1000
    const limits = { entities: options.peers, valuesPerEntity: 1024, overflow: 'freeze' } as const
    const key = { id: 'detector.lateral.peers', hash: '1', forgetAfter: 60 * day, limits }
    const window = µs(options.window)
    const peers = new Peers({
      memory: baselines.open(key),
      signal,
      learn: learning(µs(options.learn)),
      window,
      fanOut: options.fan_out,
      common: options.common,
      peers: options.peers,
    })
    return {
      flows: ['update', 'end'],
      on: {
        flow(event) {
          if (isSession(event) && directionOf(home(), event.packet) === 'internal')
            peers.take(event)
        },
      },
      advance: time => peers.advance(time),
      counts: () => peers.counts,
    }
  },
})

/** Both sides said something, on a port of administration; told of at its end or after a minute. */
function isSession({ action, packet, sourcePayload, destinationPayload }: FlowEvent): boolean {
  if (isAdmin[packet.destinationPort] === 0 || action === 'start') return false
  return packet.protocol === ipProtocol.tcp && sourcePayload > leastSaid && destinationPayload > 0
}

interface PeersParts extends Pick<DetectorContext, 'signal'> {
  readonly memory: Baseline
  /** µs. */
  readonly learn: number
  readonly window: number
  readonly fanOut: number
  readonly common: number
  readonly peers: number
}

interface Known {
  readonly service: string
  /** Services that the host used before. */
  readonly peers: number
  /** Times as many new peers that it may have. */
  readonly room: number
}

/** Times as many new peers while the memory is younger than a day, or still learns: then much is new. */
const youngRoom = 1.5
const learningRoom = 2
const mostFans = 4096

class Peers {
  readonly #parts: PeersParts
  /** Pairs that were looked up lately: long sessions are told of each minute. */
  readonly #recent: Bounded<{ last: number }>
  readonly #fans: Bounded<Spread>
  #refused = 0

  constructor(parts: PeersParts) {
    this.#parts = parts
    this.#recent = new Bounded({ limit: 8192, idle: () => 600e6 })
    this.#fans = new Bounded({ limit: Math.min(mostFans, parts.peers), idle: () => parts.window })
  }

  get counts() {
    return { fans: this.#fans.size, refused: this.#refused + this.#fans.refused }
  }

  advance(time: number): void {
    this.#recent.advance(time)
    this.#fans.advance(time)
  }

  take(flow: FlowEvent): void {
    const { packet } = flow
    const { time, destinationPort } = packet
    const from = sourceKey(packet)
    const to = pairKey(destinationKey(packet), destinationPort)
    const pair = pairKey(from, to)
    const seen = this.#recent.get(pair, time)
    if (seen !== undefined) {
      seen.last = Math.max(seen.last, time)
      return
    }
    this.#recent.add(pair, { last: time }, time)
    const { sourceIp = '', destinationIp = '' } = packet
    const service = adminServices.get(destinationPort) ?? ''
    const sighting = this.#parts.memory.observe(sourceIp, `${destinationIp} ${service}`, time)
    if (sighting.refused) this.#refused++
    if (sighting.pair !== undefined) return
    const users = sighting.value?.entities ?? 0
    // A server that many use is no machine that somebody went on to.
    if (users >= this.#parts.common) return
    const { values = 0, days = 0 } = sighting.entity ?? {}
    const young = sighting.total.observed < day
    if (sighting.total.observed < this.#parts.learn) {
      // All peers are new to a sensor that is: only many at once say something, and not of who administers by SSH.
      if (service !== 'ssh')
        this.#fanOut(flow, from, { service, peers: values, room: learningRoom })
      return
    }
    this.#say(flow, { service, peers: values, users, days }, young)
    this.#fanOut(flow, from, { service, peers: values, room: young ? youngRoom : 1 })
  }

  #say(
    flow: FlowEvent,
    evidence: { service: string; peers: number; users: number; days: number },
    young: boolean,
  ): void {
    const { sourceIp = '', destinationIp = '', destinationPort } = flow.packet
    // Who administers many is used to it; who never did is the odd one.
    const first = evidence.peers === 0 && !young ? 0.6 : 0.5
    const score = evidence.peers >= 10 ? 0.3 : first
    this.#parts.signal({
      name: 'lateral-peer',
      score,
      entity: sourceIp,
      identity: [destinationIp, destinationPort, nearestMinute(flow.start)],
      message: `${sourceIp} uses ${evidence.service} on ${destinationIp} for the first time`,
      evidence,
      trigger: flow,
    })
  }

  #fanOut(flow: FlowEvent, from: number, known: Known): void {
    const { service, peers, room } = known
    const { time, sourceIp = '' } = flow.packet
    let fan = this.#fans.get(from, time)
    if (fan === undefined) {
      fan = new Spread(time)
      if (!this.#fans.add(from, fan, time)) return
    }
    const { fanOut, window } = this.#parts
    // An administrator's host has room for a tenth of its peers.
    const least = Math.max(Math.ceil(fanOut * room), Math.ceil(peers / 10))
    if (
      !fan.add(destinationKey(flow.packet), time, window, flow.start) ||
      !fan.isFast(least) ||
      !fan.isNews()
    )
      return
    this.#parts.signal({
      name: 'lateral-fan-out',
      score: room === learningRoom ? 0.6 : 0.8,
      entity: sourceIp,
      identity: [nearestMinute(fan.begun), fan.tellings],
      message: `${sourceIp} went to ${fan.size} hosts in ${fan.seconds} s that it never administered before`,
      evidence: { service, new_peers: fan.size, peers, seconds: fan.seconds },
      trigger: flow,
    })
  }
}
