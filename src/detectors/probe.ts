import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { tcpFlag } from '../decode/tcp.ts'

/**
 * What makes of a flow that is over a probe. `connect`: it was taken and nothing was said. `syn`: no
 * answer, or refused. `udp`, `ping`, `init`: no answer. The others: segments that no host sends.
 */
export type Technique =
  | 'syn'
  | 'connect'
  | 'null'
  | 'fin'
  | 'xmas'
  | 'syn-fin'
  | 'ack'
  | 'udp'
  | 'ping'
  | 'init'

const { fin, syn, rst, psh, ack, urg } = tcpFlag
const xmas = fin | psh | urg

/** What the flow looks like to the host that it went to; undefined for an ordinary one. */
export function techniqueOf(flow: FlowEvent): Technique | undefined {
  const { packet } = flow
  // Whoever says something over TCP is no mere probe; most flows end here.
  if (packet.protocol === ipProtocol.tcp) {
    return flow.sourcePayload > 0 || flow.sourcePackets === 0 ? undefined : ofTcp(flow)
  }
  return flow.destinationPackets > 0 ? undefined : unanswered(packet)
}

function unanswered(packet: Packet): Technique | undefined {
  switch (packet.protocol) {
    case ipProtocol.udp:
      return isOtherSide(packet) ? undefined : 'udp'
    case ipProtocol.icmp:
      return packet.sourcePort === 8 ? 'ping' : undefined
    case ipProtocol.icmp6:
      return packet.sourcePort === 128 ? 'ping' : undefined
    case ipProtocol.sctp:
      return 'init'
    default:
      return undefined
  }
}

function ofTcp(flow: FlowEvent): Technique | undefined {
  const flags = flow.sourceTcpFlags & (fin | syn | rst | psh | ack | urg)
  if ((flags & syn) === 0) return withoutSyn(flow, flags)
  if ((flags & (fin | ack)) === fin) return 'syn-fin'
  // A SYN-ACK that answers nothing we saw is backscatter of somebody else's scan.
  if (flow.packet.midstream) return undefined
  const { state } = flow
  if (state === 'attempt' || state === 'rejected') return 'syn'
  // Taken, and dropped instead of acknowledged: a half-open scan.
  if ((flags & (rst | ack)) === rst) return 'syn'
  return state === 'reset' || state === 'closed' ? 'connect' : undefined
}

function withoutSyn(
  { packet, destinationTcpFlags }: FlowEvent,
  flags: number,
): Technique | undefined {
  if (flags === 0) return 'null'
  if (flags === fin) return 'fin'
  if ((flags & xmas) === xmas && (flags & ack) === 0) return 'xmas'
  // A bare ACK or FIN with ACK (Maimon's) that is refused; of a connection that the other side forgot it is the server's port.
  const refused = destinationTcpFlags === rst
  const isBare = flags === ack || flags === (fin | ack)
  return isBare && refused && packet.destinationPort < packet.sourcePort ? 'ack' : undefined
}

/** An answer whose question was not seen: from a service's port to one that systems give to clients. */
function isOtherSide({ sourcePort, destinationPort }: Packet): boolean {
  if (destinationPort >= traceroute.first && destinationPort <= traceroute.last) return true
  return sourcePort < 10_000 && destinationPort >= 32_768 && sourcePort > 0
}

/** Ports of traceroute over UDP, which nobody answers. */
const traceroute = { first: 33_434, last: 33_689 } as const

/** Techniques that no ordinary host uses: a few are enough. */
export function isStealthy(technique: Technique): boolean {
  switch (technique) {
    case 'null':
    case 'fin':
    case 'xmas':
    case 'syn-fin':
    case 'ack':
      return true
    default:
      return false
  }
}

/** Multicast or broadcast: one packet for many is no probe. */
export function isForMany({ family, destination0, destinationMacHigh }: Packet): boolean {
  if (family === 6) return destination0 >>> 24 === 0xff
  return destination0 >>> 28 >= 0xe || (destinationMacHigh & 0x010000) !== 0
}

/** Whether both have IPv6 addresses of different prefixes, so that they share no link. */
export function isOtherPrefix(packet: Packet): boolean {
  const { family, source0, source1, destination0, destination1 } = packet
  return family === 6 && (source0 !== destination0 || source1 !== destination1)
}
