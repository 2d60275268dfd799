/** Silence in ns after which a flow is over. */
export interface FlowTimeouts {
  readonly tcp: number
  readonly tcpClosing: number
  readonly udp: number
  readonly icmp: number
  readonly other: number
}

/** The part of struct flow that decides; times in ns of CLOCK_MONOTONIC. */
export interface FlowState {
  first: number
  last: number
  packets: number
  endedPackets: number
  /** All flags seen from each end of the key. */
  tcpFlags: [number, number]
  flags: number
  protocol: number
}

export const FLOW_STARTED = 1
export const FLOW_ENDED = 2

const FIN = 1
const SYN = 2
const RST = 4

/**
 * A closed connection still sees the last acknowledgements and what was under way. More than this
 * after its reported end means that it goes on, and its totals are reported once more.
 */
const LATE_PACKETS = 4

/** True when the kernel has reported the end, and what came after it is not worth a report. */
export function endIsReported({ flags, packets, endedPackets }: FlowState): boolean {
  return (flags & FLOW_ENDED) !== 0 && packets - endedPackets < LATE_PACKETS
}

/** How long, in ns, this flow may be silent. */
export function timeoutOf(flow: FlowState, timeouts: FlowTimeouts): number {
  switch (flow.protocol) {
    case 6:
      return isEstablished(flow) ? timeouts.tcp : timeouts.tcpClosing
    case 17:
      return timeouts.udp
    case 1:
    case 58:
      return timeouts.icmp
    default:
      return timeouts.other
  }
}

/** Neither a mere attempt (nothing but SYNs, or refused) nor closed by a RST or both FINs. */
function isEstablished({ tcpFlags: [a, b], flags, packets, endedPackets }: FlowState): boolean {
  if ((flags & FLOW_ENDED) !== 0) return packets - endedPackets >= LATE_PACKETS
  if (((a | b) & RST) !== 0 || (a & b & FIN) !== 0) return false
  const onlySyn = (side: number) => (side & ~(SYN | 0xc0)) === 0 // ECN bits come with a SYN
  return !(onlySyn(a) && onlySyn(b))
}

/** Reads struct flow (bpf/event.h) as 32-bit words from `at`; `keyProtocol` is from its key. */
export function readFlowState(
  into: FlowState,
  words: Uint32Array,
  at: number,
  protocol: number,
): void {
  into.first = u64(words, at + 32)
  into.last = Math.max(u64(words, at + 6), u64(words, at + 22), into.first)
  into.packets = u64(words, at) + u64(words, at + 16)
  into.endedPackets = u64(words, at + 36)
  into.tcpFlags[0] = (words[at + 12] ?? 0) & 0xff
  into.tcpFlags[1] = (words[at + 28] ?? 0) & 0xff
  into.flags = ((words[at + 44] ?? 0) >>> 16) & 0xff
  into.protocol = protocol
}

/** An empty state to read into. */
export function flowState(): FlowState {
  return {
    first: 0,
    last: 0,
    packets: 0,
    endedPackets: 0,
    tcpFlags: [0, 0],
    flags: 0,
    protocol: 0,
  }
}

function u64(words: Uint32Array, at: number): number {
  return (words[at] ?? 0) + (words[at + 1] ?? 0) * 2 ** 32
}
