import { type MessageEvent } from '../decode/message.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { l7 } from '../decode/record.ts'
import { type DnsDialect, type DnsMessage, decodeDns, isPlausibleDns } from './dns.ts'
import { DnsMatcher } from './dns-matcher.ts'
import { type DnsQuestion } from './dns-record.ts'
import { splitDnsStream } from './dns-stream.ts'
import { type Emit, type Protocol } from './protocol.ts'

/** A DNS, mDNS, LLMNR or NetBIOS name message; a query of several questions is an event for each. */
export class DnsEvent extends PacketEvent<'dns'> {
  declare readonly message: DnsMessage
  /** Which of its questions this event is about. */
  declare readonly question: number
  /** ns from the query to this answer. */
  declare readonly rtt: number | undefined

  constructor(event: MessageEvent, message: DnsMessage, rtt: number | undefined, question = 0) {
    super('dns', event.packet)
    this.message = message
    this.rtt = rtt
    this.question = question
  }

  /** The question that this event is about, where there is one. */
  get asked(): DnsQuestion | undefined {
    return this.message.questions[this.question]
  }
}

const dialects: Readonly<Record<number, DnsDialect>> = {
  [l7.L7_DNS]: 'dns',
  [l7.L7_MDNS]: 'mdns',
  [l7.L7_LLMNR]: 'llmnr',
  [l7.L7_NBNS]: 'nbns',
}

const DNS_PORT = 53

export const dns: Protocol = {
  l7: [l7.L7_DNS, l7.L7_MDNS, l7.L7_LLMNR, l7.L7_NBNS],
  open() {
    const matcher = new DnsMatcher()

    function tell(event: MessageEvent, bytes: Uint8Array, emit: Emit): void {
      const { packet } = event
      const dialect = dialects[event.l7] ?? 'dns'
      // On a port that is not its own, only what is certainly DNS.
      const known = packet.sourcePort === DNS_PORT || packet.destinationPort === DNS_PORT
      if (dialect === 'dns' && !known && !isPlausibleDns(bytes)) return
      const message = decodeDns(bytes, 0, bytes.length, dialect)
      if (message === undefined) return
      const rtt = matcher.take(packet, message, packet.time)
      emit(new DnsEvent(event, message, rtt))
      if (message.isResponse) return
      for (let i = 1; i < message.questions.length; i++) emit(new DnsEvent(event, message, rtt, i))
    }

    return {
      datagram: (event, emit) => tell(event, event.bytes, emit),
      grown(conversation, event, _began, emit) {
        const side = event.packet.fromResponder ? conversation.server : conversation.client
        const { bytes } = side
        splitDnsStream(bytes, side.taken, bytes.length, (from, to, cut) => {
          if (cut) return
          side.taken = to
          tell(event, bytes.subarray(from, to), emit)
        })
        return false
      },
      over({ client, server }, emit) {
        for (const { first, bytes, taken } of [client, server]) {
          // RFC 1035 4.2.2: two octets of length; a header at least makes a message.
          if (first !== undefined && bytes.length - taken > 14) {
            tell(first, bytes.subarray(taken + 2), emit)
          }
        }
      },
      expire: time => matcher.expire(time),
    }
  },
}
