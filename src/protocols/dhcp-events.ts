import { type MessageEvent } from '../decode/message.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { l7 } from '../decode/record.ts'
import { type DhcpMessage } from './dhcp-ecs.ts'
import { type DhcpExchange, DhcpMatcher } from './dhcp-matcher.ts'
import { decodeDhcp4 } from './dhcp4.ts'
import { decodeDhcp6 } from './dhcp6.ts'
import { type Protocol } from './protocol.ts'

/** A DHCP message, and the exchange that it belongs to. */
export class DhcpEvent extends PacketEvent<'dhcp'> {
  declare readonly message: DhcpMessage
  declare readonly exchange: DhcpExchange | undefined

  constructor(event: MessageEvent, message: DhcpMessage, exchange: DhcpExchange | undefined) {
    super('dhcp', event.packet)
    this.message = message
    this.exchange = exchange
  }
}

export const dhcp: Protocol = {
  l7: [l7.L7_DHCP4, l7.L7_DHCP6],
  open() {
    const matcher = new DhcpMatcher()
    return {
      datagram(event, emit) {
        const decode = event.l7 === l7.L7_DHCP4 ? decodeDhcp4 : decodeDhcp6
        const message = decode(event.bytes, 0, event.bytes.length)
        if (message === undefined) return
        const { packet } = event
        const sender = (packet.fromResponder ? packet.destinationIp : packet.sourceIp) ?? ''
        emit(new DhcpEvent(event, message, matcher.take(message, sender, packet.time)))
      },
      expire: time => matcher.expire(time),
    }
  },
}
