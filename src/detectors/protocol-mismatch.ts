import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { Bounded } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'

interface Port {
  /** What is usual there, as `network.protocol` has it. */
  readonly usual: readonly string[]
  /** Whether what nobody can name is odd: not where many programs have something of their own. */
  readonly unknown: boolean
}

const tcpPorts = new Map<number, Port>([
  [22, { usual: ['ssh'], unknown: true }],
  [53, { usual: ['dns'], unknown: true }],
  [80, { usual: ['http'], unknown: false }],
  [443, { usual: ['tls'], unknown: true }],
])
const udpPorts = new Map<number, Port>([[53, { usual: ['dns'], unknown: true }]])

const isWatched = new Uint8Array(65_536)
for (const port of [...tcpPorts.keys(), ...udpPorts.keys()]) isWatched[port] = 1

const day = 86_400e6

/**
 * A port is a promise that firewalls believe: a tunnel or an implant on 443, 53 or 22 gets through
 * (ATT&CK T1571, T1572). What is said there is another matter.
 */
export const protocolMismatch = defineDetector({
  schema: section('Conversations with the outside that are not what their port says.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    bytes: Type.Integer({
      default: 40,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Bytes that each side must have said, so that there is something to judge by.',
    }),
    pairs: Type.Integer({
      default: 16_384,
      minimum: 64,
      maximum: 4_194_304,
      description: 'Pairs told of within a day that are remembered; more are refused and counted.',
    }),
  }),
  signals: [
    {
      name: 'protocol-mismatch',
      when: 'Both sides have spoken on port 22, 53, 80 or 443, and not the protocol of that port.',
      evidence: {
        protocol: 'what is spoken, absent when nobody can tell',
        usual: 'what is spoken there otherwise',
        bytes: 'what both sides said',
        named: 'whether the destination has a name that somebody asked DNS for',
      },
    },
  ],
  open(options, context) {
    const told = new Bounded<{ last: number }>({ limit: options.pairs, idle: () => day })
    return {
      flows: ['update', 'end'],
      on: {
        flow(event) {
          if (isWatched[event.packet.destinationPort] === 0 || event.action === 'start') return
          const port = strange(event, options.bytes, context)
          if (port !== undefined && isNew(event, told)) say(event, port, context)
        },
      },
      advance: time => told.advance(time),
      counts: () => ({ pairs: told.size, refused: told.refused }),
    }
  },
})

/** The port whose promise is broken. */
function strange(flow: FlowEvent, least: number, context: DetectorContext): Port | undefined {
  const { packet, sourcePayload, destinationPayload } = flow
  const ports = packet.protocol === ipProtocol.tcp ? tcpPorts : udpPorts
  const port = packet.protocol <= ipProtocol.udp ? ports.get(packet.destinationPort) : undefined
  // The beginning says what it is; who came later cannot tell.
  if (port === undefined || packet.midstream) return undefined
  if (sourcePayload < least || destinationPayload < least) return undefined
  const name = context.protocolName(flow)
  if (name === undefined ? !port.unknown : port.usual.includes(name)) return undefined
  return context.home().direction(packet) === 'outbound' ? port : undefined
}

function isNew({ packet }: FlowEvent, told: Bounded<{ last: number }>): boolean {
  const key = pairKey(sourceKey(packet), pairKey(destinationKey(packet), packet.destinationPort))
  const known = told.get(key, packet.time)
  if (known !== undefined) {
    known.last = Math.max(known.last, packet.time)
    return false
  }
  // Where there is no room to remember it, it is better told twice than not at all.
  told.add(key, { last: packet.time }, packet.time)
  return true
}

function say(flow: FlowEvent, port: Port, { signal, protocolName, destinationName }: Ask): void {
  const { packet } = flow
  const protocol = protocolName(flow)
  const named = destinationName(packet, flow.start) !== undefined
  const { sourceIp = '', destinationIp = '', destinationPort } = packet
  signal({
    name: 'protocol-mismatch',
    // Messengers have a protocol of their own on 443, but they look their servers up.
    score: protocol !== undefined ? 0.7 : named ? 0.5 : 0.65,
    entity: sourceIp,
    identity: [destinationIp, destinationPort, nearestMinute(flow.start)],
    message: `${sourceIp} speaks ${protocol ?? 'something unknown'} with ${destinationIp} on port ${destinationPort}, where ${port.usual[0]} is usual`,
    evidence: {
      protocol,
      usual: port.usual,
      bytes: flow.sourcePayload + flow.destinationPayload,
      named,
    },
    trigger: flow,
  })
}

type Ask = Pick<DetectorContext, 'signal' | 'protocolName' | 'destinationName'>
