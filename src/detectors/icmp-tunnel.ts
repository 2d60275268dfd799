import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { defineDetector } from './detector.ts'
import { hundredths } from './hundredths.ts'

/**
 * Data inside echo messages (ATT&CK T1095): `ping` sends what comes back unchanged, so requests and
 * answers weigh the same, and it sends one a second. A tunnel does neither.
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
      when: 'An echo conversation carries more, or other bytes back, than a ping does; or much that is never answered.',
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

function scoreOf(
  { destinationPackets }: FlowEvent,
  { mean, imbalance, isFast }: { mean: number; imbalance: number; isFast: boolean },
): number {
  if (imbalance > equal) return 0.9
  const isOneWay = destinationPackets === 0 && mean >= bigPing
  return isOneWay || (isFast && mean > longPing) ? 0.6 : 0
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
