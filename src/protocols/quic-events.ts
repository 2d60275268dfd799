import { Conversations, OfConversation } from '../decode/conversations.ts'
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

  constructor(packet: Packet, action: QuicEvent['action'], facts: QuicFacts) {
    super('quic', packet)
    this.action = action
    this.facts = facts
  }
}

/** What is known of a connection, until newer ones push it out. */
class Known extends OfConversation {
  facts: QuicFacts = nothing
  /** The packet that told it. */
  packet: Packet

  constructor(packet: Packet) {
    super(packet)
    this.packet = packet
  }
}

const CONNECTIONS = 8192

export const quic: Protocol = {
  l7: [l7.L7_QUIC],
  open() {
    const known = new Conversations<Known>()
    let partial: { connection: Known; news: QuicNews }[] = []
    const assembler = new QuicAssembler<Known>({}, (connection, news) =>
      partial.push({ connection, news }),
    )

    function add(packet: Packet): Known {
      const { oldest } = known
      if (oldest !== undefined && known.size >= CONNECTIONS) known.remove(oldest)
      const made = new Known(packet)
      known.add(made)
      return made
    }

    return {
      datagram({ packet, bytes }, emit) {
        const connection = known.find(packet) ?? add(packet)
        const news = assembler.datagram(connection, packet.fromResponder, bytes, packet.time)
        if (news === undefined) return
        connection.packet = packet
        emit(learn(connection, news))
      },
      expire(time, emit) {
        if (time === Number.POSITIVE_INFINITY) assembler.clear()
        else assembler.expire(time)
        const cut = partial
        partial = []
        for (const { connection, news } of cut) emit(learn(connection, news))
      },
    }
  },
}

function learn(connection: Known, news: QuicNews): QuicEvent {
  connection.facts = join(connection.facts, news)
  return new QuicEvent(connection.packet, actionOf(news), connection.facts)
}

const nothing: QuicFacts = { version: '', clientHello: undefined, serverHello: undefined }

function join(before: QuicFacts, news: QuicNews): QuicFacts {
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
