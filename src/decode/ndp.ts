import { IpAddress } from './address.ts'
import { type Clock } from './clock.ts'
import { MacAddress } from './mac.ts'
import { type NdpOptions, readNdpOptions } from './ndp-options.ts'
import { Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { layout, payloadOffset, payloadSize } from './record.ts'

const body = layout.event.at.body

export type NdpAction =
  | 'router-solicitation'
  | 'router-advertisement'
  | 'neighbor-solicitation'
  | 'neighbor-advertisement'
  | 'redirect'

/** RFC 4861 4.1 to 4.5, by type less 133: what it is and where its options start. */
const messages: readonly { action: NdpAction; options: number }[] = [
  { action: 'router-solicitation', options: 8 },
  { action: 'router-advertisement', options: 16 },
  { action: 'neighbor-solicitation', options: 24 },
  { action: 'neighbor-advertisement', options: 24 },
  { action: 'redirect', options: 40 },
]

/**
 * A neighbour discovery message (RFC 4861). Source is its sender and destination its receiver, also
 * in an answer. What a message does not carry, or carries cut, is `undefined`.
 */
export class NdpEvent extends PacketEvent<'ndp'> {
  /** ICMPv6 type, 133 to 137. */
  declare readonly type: number
  declare readonly action: NdpAction
  /** The address asked for or answered; of a redirect the better next hop. */
  declare readonly target: IpAddress | undefined
  /** Of a redirect: the address that is reached by the target. */
  declare readonly redirected: IpAddress | undefined
  /** Router advertisement: seconds that it wants to be a default router, 0 for not at all. */
  declare readonly routerLifetime: number | undefined
  /** The byte of flags of an advertisement (router: M, O …; neighbour: R, S, O), else 0. */
  declare readonly advertisedFlags: number
  declare readonly options: NdpOptions

  constructor(view: DataView, offset: number, clock: Clock) {
    super('ndp', new Packet(view, offset, clock, false))
    const start = payloadOffset(view, offset)
    const size = payloadSize(view, offset)
    this.type = view.getUint8(offset + body + layout.event_icmp.at.type)
    const message = messages[this.type - 133]
    this.action = message?.action ?? 'neighbor-solicitation'
    this.target = this.type >= 135 && size >= 24 ? IpAddress.read(view, start + 8, 6) : undefined
    this.redirected =
      this.type === 137 && size >= 40 ? IpAddress.read(view, start + 24, 6) : undefined
    this.routerLifetime = this.type === 134 && size >= 8 ? view.getUint16(start + 6) : undefined
    this.advertisedFlags = readFlags(view, start, size, this.type)
    const options = Math.min(message?.options ?? size, size)
    this.options = readNdpOptions(view, start + options, start + size)
  }

  /** The link-layer address of the sender that the message states, else that of the frame. */
  get linkLayer(): MacAddress {
    // RFC 4861 4.4: an advertisement's own address is the target's; elsewhere it is the source's.
    const { sourceMac, targetMac } = this.options
    const stated = this.type === 136 ? targetMac : sourceMac
    return stated ?? new MacAddress(this.sourceMacHigh, this.sourceMacLow)
  }

  /** The frame's source when it is not the link-layer address that the message states. */
  get ethernetSource(): MacAddress | undefined {
    const { high, low } = this.linkLayer
    if (high === this.sourceMacHigh && low === this.sourceMacLow) return undefined
    return new MacAddress(this.sourceMacHigh, this.sourceMacLow)
  }

  /** Names of the flags of an advertisement. */
  get flagNames(): readonly string[] {
    const names = flagNames.get(this.type) ?? []
    return names.filter((_, bit) => (this.advertisedFlags & (0x80 >> bit)) !== 0)
  }
}

/** RFC 4861 4.2, 4.4 and RFC 6275 7.1, highest bit first. */
const flagNames = new Map([
  [134, ['managed', 'other', 'home-agent']],
  [136, ['router', 'solicited', 'override']],
])

function readFlags(view: DataView, start: number, size: number, type: number): number {
  if (type === 134 && size >= 6) return view.getUint8(start + 5)
  return type === 136 && size >= 5 ? view.getUint8(start + 4) : 0
}

/** Whether the NDP record at `offset` holds one of the five types. */
export function isNdpType(view: DataView, offset: number): boolean {
  const type = view.getUint8(offset + body + layout.event_icmp.at.type)
  return type >= 133 && type <= 137
}
