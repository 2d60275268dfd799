import { IpAddress } from './address.ts'
import { type Clock } from './clock.ts'
import { isReply, Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { ipProtocol } from './protocol.ts'
import { type QuotedPacket, readQuoted } from './quoted.ts'
import { layout, payloadOffset, payloadSize } from './record.ts'

const body = layout.event.at.body
const { at } = layout.event_icmp

/** An ICMP or ICMPv6 message that opens a conversation, or an error or a redirect. */
export class IcmpEvent extends PacketEvent<'icmp'> {
  /** Of this message, which the responder may have sent. */
  declare readonly type: number
  declare readonly code: number
  /** Echo identifier, 0 where the type has none. */
  declare readonly id: number
  /** Bytes after the 8-byte ICMP header. */
  declare readonly payloadBytes: number
  /** The packet that an error or a redirect speaks of. */
  declare readonly quoted: QuotedPacket | undefined
  /** Of an IPv4 redirect (RFC 792): the router to use from now on. */
  declare readonly gateway: IpAddress | undefined

  constructor(view: DataView, offset: number, clock: Clock) {
    super('icmp', new Packet(view, offset, clock, isReply(view, offset)))
    const start = payloadOffset(view, offset)
    const end = start + payloadSize(view, offset)
    this.type = view.getUint8(offset + body + at.type)
    this.code = view.getUint8(offset + body + at.code)
    this.id = view.getUint16(offset + body + at.id, true)
    this.payloadBytes = view.getUint32(offset + body + at.length, true)
    this.quoted = this.isError ? readQuoted(view, start + 8, end) : undefined
    this.gateway =
      this.isRedirect && start + 8 <= end ? IpAddress.read(view, start + 4, 4) : undefined
  }

  /** Whether the message quotes the packet that caused it (RFC 792, RFC 4443 2.1). */
  get isError(): boolean {
    if (this.protocol === ipProtocol.icmp6) return this.type < 128
    return (
      this.type === 3 || this.type === 4 || this.type === 5 || this.type === 11 || this.type === 12
    )
  }

  get isEcho(): boolean {
    if (this.protocol === ipProtocol.icmp6) return this.type === 128 || this.type === 129
    return this.type === 8 || this.type === 0
  }

  /** `echo-request`, `unreachable` …; `other` for types without a name here. */
  get action(): string {
    const actions = this.protocol === ipProtocol.icmp6 ? actions6 : actions4
    return actions.get(this.type) ?? 'other'
  }

  private get isRedirect(): boolean {
    return this.protocol === ipProtocol.icmp && this.type === 5
  }
}

const actions4 = new Map([
  [0, 'echo-reply'],
  [3, 'unreachable'],
  [4, 'source-quench'],
  [5, 'redirect'],
  [8, 'echo-request'],
  [9, 'router-advertisement'],
  [10, 'router-solicitation'],
  [11, 'time-exceeded'],
  [12, 'parameter-problem'],
  [13, 'timestamp-request'],
  [14, 'timestamp-reply'],
  [15, 'information-request'],
  [16, 'information-reply'],
  [17, 'mask-request'],
  [18, 'mask-reply'],
])

const actions6 = new Map([
  [1, 'unreachable'],
  [2, 'packet-too-big'],
  [3, 'time-exceeded'],
  [4, 'parameter-problem'],
  [128, 'echo-request'],
  [129, 'echo-reply'],
  [130, 'listener-query'],
  [131, 'listener-report'],
  [132, 'listener-done'],
  [137, 'redirect'],
  [143, 'listener-report'],
])
