import { type Baseline } from '../baseline/store.ts'
import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { hundredths } from './hundredths.ts'
import { sourceKey } from './keys.ts'
import { Lately } from './lately.ts'
import { writeDestination, writeSource } from './pair-table.ts'
import { directionOf } from './source.ts'

/** How a client finds its way: by names, or by addresses that it has from elsewhere. */
interface Client extends Kept {
  answers: number
  readonly since: number
  /** Conversations with a name, and all of them. */
  named: number
  all: number
}

const day = 24 * 3600e6
const services = new Set([53, 123, 853, 5353])
const least = { answers: 20, conversations: 50, share: 0.8 }

/**
 * A connection to an address that nobody resolved (Slips' "connection without DNS"): malware that
 * carries its servers' addresses needs no names. Worth something only for a client whose names we
 * see, that nearly always uses them, and for an address that is new to it after a time of learning.
 */
export const dnsLess = defineDetector({
  schema: section('Connections to addresses that nobody resolved.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    learning: duration({
      default: '3d',
      maxDuration: '90d',
      description: 'How long a client is watched before a new address is told of.',
    }),
    bytes: Type.Integer({
      default: 1000,
      minimum: 0,
      maximum: 1_000_000_000,
      description: 'Payload, both ways, below which a conversation is not looked at.',
    }),
    limit: Type.Integer({
      default: 65_536,
      minimum: 256,
      maximum: 1_048_576,
      description: 'Most clients looked at; about 100 bytes one.',
    }),
  }),
  signals: [
    {
      name: 'dns-less',
      when: 'A client that goes by names has a conversation with an address that it never resolved nor used.',
      evidence: {
        bytes: 'payload of both sides',
        share: 'share of the client’s conversations that have a name, 0 to 1',
      },
    },
  ],
  open(options, context) {
    const learning = context.learning(milliseconds(options.learning) * 1000)
    return new DnsLess({ ...options, learning }, context)
  },
})

interface Options {
  readonly learning: number
  readonly bytes: number
  readonly limit: number
}

class DnsLess {
  readonly flows = ['end'] as const
  readonly on = {
    dns: (event: DnsEvent) => this.#resolved(event),
    flow: (event: FlowEvent) => this.#ended(event),
  }
  readonly #options: Options
  readonly #context: DetectorContext
  readonly #clients: Bounded<Client>
  readonly #habits: Baseline
  /** Who went where within the hour needs no look into the long memory. */
  readonly #lately = new Lately(16_384, day / 24, 9)

  constructor(options: Options, context: DetectorContext) {
    this.#options = options
    this.#context = context
    this.#clients = new Bounded({
      limit: options.limit,
      idle: (client, crowded) => (crowded && client.answers === 0 ? day / 24 : 7 * day),
    })
    this.#habits = context.baselines.open({
      id: 'detector.dns-less',
      hash: '1',
      forgetAfter: 30 * day,
      limits: { entities: options.limit, valuesPerEntity: 256, overflow: 'freeze' },
    })
  }

  advance(time: number): void {
    this.#clients.advance(time)
  }

  counts() {
    const refused = this.#clients.refused + this.#lately.counts.refused
    return { clients: this.#clients.size, destinations: this.#lately.counts.size, refused }
  }

  #resolved({ message, packet }: DnsEvent): void {
    if (!message.isResponse || message.dialect !== 'dns' || message.responseCode !== 0) return
    const client = this.#client(packet)
    if (client !== undefined) client.answers++
  }

  #client(packet: FlowEvent['packet']): Client | undefined {
    const key = sourceKey(packet)
    const { time } = packet
    const known = this.#clients.get(key, time)
    if (known !== undefined) {
      known.last = time
      return known
    }
    const client: Client = { since: time, answers: 0, named: 0, all: 0, last: time }
    return this.#clients.add(key, client, time) ? client : undefined
  }

  #ended(flow: FlowEvent): void {
    const { packet } = flow
    if (flow.action !== 'end' || packet.midstream || services.has(packet.destinationPort)) return
    if (packet.protocol !== 6 && packet.protocol !== 17) return
    const bytes = flow.sourcePayload + flow.destinationPayload
    if (bytes < this.#options.bytes || flow.destinationPackets === 0) return
    if (directionOf(this.#context.home(), packet) !== 'outbound') return
    const client = this.#client(packet)
    if (client === undefined) return
    const isNamed = this.#context.destinationName(packet, flow.start) !== undefined
    client.all++
    if (isNamed) client.named++
    else this.#judge(flow, client, bytes)
  }

  #judge(flow: FlowEvent, client: Client, bytes: number): void {
    const { sourceIp = '', destinationIp = '', time } = flow.packet
    const { key } = this.#lately
    writeSource(key, flow.packet)
    writeDestination(key, 4, flow.packet)
    key[8] = flow.packet.family
    if (this.#lately.seenKey(time)) return
    const before = this.#habits.observe(sourceIp, destinationIp, time)
    const { answers, named, all } = client
    const isTrained = answers >= least.answers && all >= least.conversations
    const share = named / all
    if (!isTrained || share < least.share || before.pair !== undefined || before.refused) return
    if (time - client.since < this.#options.learning) return
    this.#context.signal({
      name: 'dns-less',
      score: before.value === undefined ? 0.6 : 0.3,
      entity: sourceIp,
      identity: [destinationIp, nearestMinute(flow.start)],
      message: `${sourceIp} talked to ${destinationIp}, which it never resolved, though ${Math.round(100 * share)} % of its conversations have a name`,
      evidence: { bytes, share: hundredths(share) },
      trigger: flow,
    })
  }
}
