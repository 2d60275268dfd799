import { type MessageEvent } from '../decode/message.ts'
import { type Packet } from '../decode/packet.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { l7 } from '../decode/record.ts'
import { type Protocol } from './protocol.ts'
import { QuicAssembler } from './quic.ts'
import { type QuicFacts } from './quic-fields.ts'
import { type QuicNews } from './quic-news.ts'

/** What the Initial packets of a QUIC connection have told so far. */
export class QuicEvent extends PacketEvent<'quic'> {
  declare readonly action: 'quic-client-hello' | 'quic-server-hello' | 'quic-retry'
  declare readonly facts: QuicFacts

  constructor(event: MessageEvent, action: QuicEvent['action'], facts: QuicFacts) {
    super('quic', event.packet)
    this.action = action
    this.facts = facts
  }
}

interface Known {
  facts: QuicFacts
  last: MessageEvent
}

const CONNECTIONS = 8192

export const quic: Protocol = {
  l7: [l7.L7_QUIC],
  open() {
    /** What is known of a connection, until its assembler forgets it. */
    const known = new Map<string, Known>()
    let partial: { key: string; news: QuicNews }[] = []
    const assembler = new QuicAssembler<string>({}, (key, news) => partial.push({ key, news }))

    function learn(key: string, event: MessageEvent, news: QuicNews): QuicEvent {
      const facts = join(known.get(key)?.facts, news)
      known.delete(key)
      known.set(key, { facts, last: event })
      const [oldest] = known.keys()
      if (known.size > CONNECTIONS && oldest !== undefined) known.delete(oldest)
      return new QuicEvent(event, actionOf(news), facts)
    }

    return {
      datagram(event, emit) {
        const { packet, bytes } = event
        const key = conversationKey(packet)
        const waiting = known.get(key)
        if (waiting === undefined) known.set(key, { facts: nothing, last: event })
        const news = assembler.datagram(key, packet.fromResponder, bytes, packet.time)
        if (news !== undefined) emit(learn(key, event, news))
      },
      expire(time, emit) {
        if (time === Number.POSITIVE_INFINITY) assembler.clear()
        else assembler.expire(time)
        const cut = partial
        partial = []
        for (const { key, news } of cut) {
          const last = known.get(key)?.last
          if (last !== undefined) emit(learn(key, last, news))
          known.delete(key)
        }
      },
    }
  },
}

/** The same for both directions: the source of an event is the opener, whoever sent the packet. */
function conversationKey(packet: Packet): string {
  const { source0, destination0, sourcePort, destinationPort, protocol, vlan } = packet
  const near = `${source0} ${destination0} ${sourcePort} ${destinationPort} ${protocol} ${vlan}`
  if (packet.family === 4) return near
  const { source1, source2, source3, destination1, destination2, destination3 } = packet
  return `${near} ${source1} ${source2} ${source3} ${destination1} ${destination2} ${destination3}`
}

const nothing: QuicFacts = { version: '', clientHello: undefined, serverHello: undefined }

function join(before: QuicFacts = nothing, news: QuicNews): QuicFacts {
  const { version, clientHello, serverHello, helloRetry, retry, offeredVersions } = news
  return {
    version: version || before.version,
    clientHello: clientHello ?? before.clientHello,
    serverHello: serverHello ?? before.serverHello,
    helloRetry: helloRetry ?? before.helloRetry,
    retry: retry || before.retry === true,
    offeredVersions: offeredVersions.length > 0 ? offeredVersions : (before.offeredVersions ?? []),
  }
}

function actionOf({ clientHello, serverHello, helloRetry }: QuicNews): QuicEvent['action'] {
  if (serverHello !== undefined || helloRetry !== undefined) return 'quic-server-hello'
  return clientHello === undefined ? 'quic-retry' : 'quic-client-hello'
}
