import { type Clock, microseconds, nanosecondsBetween, unsigned64 } from './clock.ts'
import { Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { ipProtocol } from './protocol.ts'
import { eventKind, historyMax, layout } from './record.ts'
import { tcpFlag } from './tcp.ts'

const { at } = layout.event
const body = at.body
const { side, tcp_flags, history, history_length, first, last } = layout.event_flow.at
const totals = layout.flow_totals

/**
 * `attempt`: not answered. `rejected`: refused at once (RST). `established`: answered and not over.
 * `reset`: broken off by RST. `closed`: both sides said FIN.
 */
export type FlowState = 'attempt' | 'rejected' | 'established' | 'reset' | 'closed'

export type FlowAction = 'start' | 'update' | 'end'

/** The totals of a conversation when it starts, now and then while it lasts, and when it ends. */
export class FlowEvent extends PacketEvent<'flow'> {
  declare readonly action: FlowAction
  /** µs since the Unix epoch, of the first and of the last packet. */
  declare readonly start: number
  declare readonly end: number
  /** From the first packet to the last, in ns. */
  declare readonly duration: number
  declare readonly sourcePackets: number
  /** Frame bytes, link header included. */
  declare readonly sourceBytes: number
  /** Bytes above the transport header. */
  declare readonly sourcePayload: number
  declare readonly destinationPackets: number
  declare readonly destinationBytes: number
  declare readonly destinationPayload: number
  /** All flags that the side sent, OR-ed (`tcpFlag`). */
  declare readonly sourceTcpFlags: number
  declare readonly destinationTcpFlags: number
  /** `enum l7`, 0 where the content is not known (yet). */
  declare readonly l7: number
  declare readonly historyLength: number
  /** The letters, four a word. */
  declare readonly history0: number
  declare readonly history1: number
  declare readonly history2: number
  declare readonly history3: number

  constructor(view: DataView, offset: number, clock: Clock) {
    super('flow', new Packet(view, offset, clock, false))
    const flow = offset + body
    const one = flow + side
    const other = one + totals.size
    const letters = flow + history
    this.action = actionOf(view.getUint8(offset + at.kind))
    this.start = microseconds(view, flow + first, clock)
    this.end = microseconds(view, flow + last, clock)
    this.duration = nanosecondsBetween(view, flow + first, flow + last)
    this.sourcePackets = unsigned64(view, one + totals.at.packets)
    this.sourceBytes = unsigned64(view, one + totals.at.bytes)
    this.sourcePayload = unsigned64(view, one + totals.at.payload)
    this.destinationPackets = unsigned64(view, other + totals.at.packets)
    this.destinationBytes = unsigned64(view, other + totals.at.bytes)
    this.destinationPayload = unsigned64(view, other + totals.at.payload)
    this.sourceTcpFlags = view.getUint8(flow + tcp_flags)
    this.destinationTcpFlags = view.getUint8(flow + tcp_flags + 1)
    this.l7 = view.getUint8(offset + at.l7)
    this.historyLength = Math.min(view.getUint8(flow + history_length), historyMax)
    this.history0 = view.getInt32(letters)
    this.history1 = view.getInt32(letters + 4)
    this.history2 = view.getInt32(letters + 8)
    this.history3 = view.getUint8(letters + 12) << 24
  }

  get packets(): number {
    return this.sourcePackets + this.destinationPackets
  }

  get bytes(): number {
    return this.sourceBytes + this.destinationBytes
  }

  /** TCP flags of both sides, OR-ed. */
  get tcpFlags(): number {
    return this.sourceTcpFlags | this.destinationTcpFlags
  }

  /** As Zeek's `history`: one letter for each first, upper case for the opener's. */
  get history(): string {
    const words = [this.history0, this.history1, this.history2, this.history3]
    const letters = Array.from({ length: this.historyLength }, (_, index) => {
      const code = ((words[index >> 2] ?? 0) >>> (24 - 8 * (index & 3))) & 255
      return String.fromCharCode(code)
    })
    return letters.join('').replace(/[^A-Za-z^]/g, '?')
  }

  get state(): FlowState {
    if (this.protocol === ipProtocol.tcp) return tcpState(this)
    return this.destinationPackets > 0 ? 'established' : 'attempt'
  }
}

function actionOf(kind: number): FlowAction {
  if (kind === eventKind.EVENT_FLOW_START) return 'start'
  return kind === eventKind.EVENT_FLOW_END ? 'end' : 'update'
}

function tcpState(flow: FlowEvent): FlowState {
  const { sourceTcpFlags: opener, destinationTcpFlags: responder } = flow
  if ((opener & responder & tcpFlag.fin) !== 0) return 'closed'
  if (isRefused(flow)) return 'rejected'
  if (!isAnswered(flow)) return 'attempt'
  return (flow.tcpFlags & tcpFlag.rst) === 0 ? 'established' : 'reset'
}

/** The responder's only word was RST, to a SYN or to a segment without data. */
function isRefused(flow: FlowEvent): boolean {
  const responder = flow.destinationTcpFlags
  if ((responder & tcpFlag.rst) === 0 || (responder & tcpFlag.syn) !== 0) return false
  const opened = (flow.sourceTcpFlags & tcpFlag.syn) !== 0 || flow.sourcePayload === 0
  return flow.destinationPayload === 0 && opened
}

/**
 * Whether the responder took the connection: more than a SYN-ACK that the opener never
 * acknowledged. Where only the opener is seen (asymmetric routes), acknowledged data proves it.
 */
function isAnswered(flow: FlowEvent): boolean {
  const opener = flow.sourceTcpFlags
  if (flow.destinationPackets === 0) {
    return (opener & tcpFlag.ack) !== 0 && flow.sourcePayload > 0
  }
  const halfOpen = (opener & tcpFlag.syn) !== 0 && (opener & (tcpFlag.ack | tcpFlag.rst)) === 0
  return !halfOpen || flow.destinationPayload > 0
}
