import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { defineDetector } from './detector.ts'
import { hundredths } from './hundredths.ts'

/**
 * Data inside echo messages (ATT&CK T1095): `ping` sends what comes back unchanged, so requests and
 * answers weigh the same, all of one size, and it sends one a second. A tunnel does none of it.
 */
export const icmpTunnel = defineDetector({
  schema: section('Data carried in ICMP echo messages.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    packets: Type.Integer({
      default: 20,
      minimum: 2,
      maximum: 1_000_000,
      description: 'Messages of one conversation below which nothing is said of it.',
    }),
    bytes: Type.Integer({
      default: 8192,
      minimum: 64,
      maximum: 1_000_000_000,
      description: 'Payload, both ways, below which nothing is said of a conversation.',
    }),
    rate: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Messages a second of one side that no ordinary ping sends.',
    }),
  }),
  signals: [
    {
      name: 'icmp-tunnel',
      when: 'An echo conversation carries more, messages of more sizes, or other bytes back, than a ping does; or much that is never answered.',
      evidence: {
        packets: 'messages of both sides',
        bytes: 'payload of both sides',
        imbalance: 'difference of the payload of requests and answers, 0 to 1',
        rate: 'messages of the requesting side a second',
      },
    },
  ],
  open(options, { signal }) {
    return { on: { flow: event => look(event) }, flows: ['update', 'end'] }

    function look(flow: FlowEvent): void {
      if (!isIcmp(flow) || flow.action === 'start') return
      const packets = flow.sourcePackets + flow.destinationPackets
      const bytes = flow.sourcePayload + flow.destinationPayload
      if (packets < options.packets || bytes < options.bytes) return
      const imbalance = imbalanceOf(flow, options.packets / 2)
      const rate = flow.sourcePackets / Math.max(flow.duration / 1e9, 1)
      const score = scoreOf(flow, {
        mean: bytes / packets,
        imbalance,
        isFast: rate >= options.rate,
        isBusy: rate >= busyRate,
      })
      if (score === 0) return
      const { sourceIp = '', destinationIp = '' } = flow.packet
      signal({
        name: 'icmp-tunnel',
        score,
        entity: sourceIp,
        identity: [sourceIp, destinationIp, nearestMinute(flow.start)],
        message: `${sourceIp} exchanges data with ${destinationIp} in ICMP echo messages: ${bytes} bytes in ${packets} messages`,
        evidence: { packets, bytes, imbalance: hundredths(imbalance), rate: hundredths(rate) },
        trigger: flow,
      })
    }
  },
})

function isIcmp({ packet: { protocol } }: FlowEvent): boolean {
  return protocol === 1 || protocol === 58
}

/** Payload of a ping in bytes that nobody sends by the dozen a second. */
const longPing = 100
/** Payload that nobody sends again and again to a host that does not answer. */
const bigPing = 512
/** Difference that a few lost or repeated messages make. */
const equal = 0.1

function scoreOf(flow: FlowEvent, { mean, imbalance, isFast, isBusy }: Manner): number {
  if (imbalance > equal) return 0.9
  if (flow.destinationPackets === 0 && mean >= bigPing) return 0.6
  if (isFast && mean > longPing) return 0.6
  if (flow.sourcePackets < manyPings) return 0
  // Whoever looks whether big packets get through sends a few, one a second.
  return (isBusy && mean >= bigPing) || isUneven(flow) ? 0.6 : 0
}

interface Manner {
  readonly mean: number
  readonly imbalance: number
  readonly isFast: boolean
  readonly isBusy: boolean
}

/** Requests that are no look at the line any more, and how many of them a second, when they are big. */
const manyPings = 100
const busyRate = 2
/** What programs that ping send, bytes; a mean between them may be of several behind one address. */
const ordinary = { least: 28, most: 80 }
/** Beyond it a message is in fragments, whose bytes are counted otherwise. */
const whole = 1400

/** Whether the requests are of several sizes, which those of a ping never are: their mean is no whole number. */
function isUneven({ sourcePackets, sourcePayload }: FlowEvent): boolean {
  const mean = sourcePayload / sourcePackets
  if (Number.isInteger(mean) || mean > whole) return false
  return mean < ordinary.least || mean > ordinary.most
}

/** Answers to one request that no broken network makes of one. */
const many = 3

/**
 * Of the mean size of a request and of an answer, or of all of them where answers come that nobody
 * asked for, as ptunnel's do; 0 where too few came to say.
 */
function imbalanceOf(flow: FlowEvent, least: number): number {
  const { sourcePackets: asked, destinationPackets: answered } = flow
  const { sourcePayload: out, destinationPayload: back } = flow
  if (asked > 0 && answered > many * asked + least) return (back - out) / Math.max(back, 1)
  if (Math.min(asked, answered) < least) return 0
  const [request, answer] = [out / asked, back / answered]
  return Math.abs(request - answer) / Math.max(request, answer, 1)
}
