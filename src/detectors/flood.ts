import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestHour } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { hasPorts, ipProtocol } from '../decode/protocol.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { Distinct } from './distinct.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'
import { isForMany, techniqueOf } from './probe.ts'

/** What comes to one port of a host and is not answered, or refused. Times in µs. */
interface Target extends Kept {
  start: number
  connections: number
  sources: Distinct
  told: number
}

/** µs. */
const window = 10e6
/** µs: a flood that goes on is told of anew so seldom. */
const again = 3600e6
/** Sources that are named one by one; more are not who they say. */
const fewSources = 3
/** Packets below which a rate says nothing. */
const leastPackets = 10_000

/**
 * So much of what nobody answers that it is meant to be in the way (ATT&CK T1498, T1499):
 * connections that come to nothing, or packets of one conversation at a rate that is no use.
 */
export const flood = defineDetector({
  schema: section('Packets that are sent only to be many.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    connections: Type.Integer({
      default: 2000,
      minimum: 10,
      maximum: 100_000_000,
      description: 'Connections to one port of a host that come to nothing within ten seconds.',
    }),
    rate: Type.Integer({
      default: 10_000,
      minimum: 10,
      maximum: 100_000_000,
      description: 'Packets a second of one conversation that is not answered, or of pings.',
    }),
    targets: Type.Integer({
      default: 16_384,
      minimum: 64,
      maximum: 4_194_304,
      description: 'Ports of hosts that are watched at a time; more are refused and counted.',
    }),
  }),
  signals: [
    {
      name: 'flood',
      when: 'A host gets more packets than anybody could want, and answers or accepts none.',
      evidence: {
        connections: 'connections that came to nothing since it began',
        packets: 'packets of the one conversation',
        rate: 'packets or connections a second',
        sources: 'different sources; many are made up',
        port: 'port of the target, 0 for ICMP',
      },
    },
  ],
  open(options, { signal }) {
    const targets = new Bounded<Target>({
      limit: options.targets,
      idle: ({ told }) => (told > 0 ? again : 3 * window),
    })
    return {
      flows: ['update', 'end'],
      on: {
        flow(event) {
          if (event.action === 'start' || !isInVain(event) || isForMany(event.packet)) return
          const target = targetOf(event, targets)
          if (target !== undefined) look(event, target, options, signal)
        },
      },
      advance: time => targets.advance(time),
      counts: () => ({ targets: targets.size, refused: targets.refused }),
    }
  },
})

/** Not answered, refused, or a ping that is answered. */
function isInVain(flow: FlowEvent): boolean {
  const { packet, destinationPackets } = flow
  if (packet.protocol === ipProtocol.tcp)
    return flow.action === 'end' && techniqueOf(flow) === 'syn'
  const isPing = packet.protocol === ipProtocol.icmp || packet.protocol === ipProtocol.icmp6
  return destinationPackets === 0 || isPing
}

function targetOf({ packet }: FlowEvent, targets: Bounded<Target>): Target | undefined {
  const port = hasPorts(packet.protocol) ? packet.destinationPort : 0
  const key = pairKey(destinationKey(packet), port * 256 + packet.protocol)
  const { time } = packet
  let target = targets.get(key, time)
  if (target === undefined) {
    if (!targets.admits(time)) return undefined
    target = { start: time, last: time, connections: 0, sources: new Distinct(), told: 0 }
    targets.add(key, target, time)
  }
  if (time - target.start > window) {
    target.start = time
    target.connections = 0
    target.sources = new Distinct()
  }
  target.last = Math.max(target.last, time)
  return target
}

function look(
  flow: FlowEvent,
  target: Target,
  options: { readonly connections: number; readonly rate: number },
  signal: DetectorContext['signal'],
): void {
  const { packet, sourcePackets, duration } = flow
  if (flow.action === 'end') target.connections++
  target.sources.add(sourceKey(packet))
  const rate = Math.round(sourcePackets / Math.max(duration / 1e9, 1))
  const isFast = sourcePackets >= leastPackets && rate >= options.rate
  const isMany = target.connections >= options.connections
  if ((!isFast && !isMany) || (target.told > 0 && packet.time - target.told < again)) return
  target.told = packet.time
  say(flow, target, isFast ? { packets: sourcePackets, rate } : many(target), signal)
}

function many({ connections, start, last }: Target) {
  return { connections, rate: Math.round(connections / Math.max(1, (last - start) / 1e6)) }
}

function say(
  flow: FlowEvent,
  { sources }: Target,
  counts: { readonly packets?: number; readonly connections?: number; readonly rate: number },
  signal: DetectorContext['signal'],
): void {
  const { sourceIp = '', destinationIp = '', destinationPort, protocol } = flow.packet
  const port = hasPorts(protocol) ? destinationPort : 0
  const few = sources.size <= fewSources
  const who = few ? sourceIp : `${sources.size} sources`
  const what = counts.packets === undefined ? 'connections' : 'packets'
  signal({
    name: 'flood',
    score: 0.8,
    entity: few ? sourceIp : destinationIp,
    identity: [destinationIp, protocol, port, nearestHour(flow.start)],
    message: `${who} sent ${destinationIp} ${counts.rate} ${what} a second in vain`,
    evidence: { ...counts, sources: sources.size, port },
    trigger: flow,
  })
}
