import { type MessageEvent } from '../decode/message.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { type Conversation } from '../decode/reassembly.ts'
import { l7 } from '../decode/record.ts'
import { type Emit, type Protocol } from './protocol.ts'
import { decodeTls, isUndecided, type TlsSide } from './tls.ts'

/** A handshake of TLS or SSL: the ClientHello, and once more with what the server made of it. */
export class TlsEvent extends PacketEvent<'tls'> {
  declare readonly action: 'tls-client-hello' | 'tls-server-hello'
  declare readonly client: TlsSide | undefined
  declare readonly server: TlsSide | undefined

  constructor(
    event: MessageEvent,
    action: TlsEvent['action'],
    client: TlsSide | undefined,
    server: TlsSide | undefined,
  ) {
    super('tls', event.packet)
    this.action = action
    this.client = client
    this.server = server
  }
}

type End = 'client' | 'server'

/** What a conversation has said so far, in its `notes`. */
class Handshake {
  client: TlsSide | undefined = undefined
  server: TlsSide | undefined = undefined
  readonly told: Record<End, boolean> = { client: false, server: false }
  /** Bytes of each side below which reading again tells nothing new. */
  readonly needed: Record<End, number> = { client: 0, server: 0 }
}

export const tls: Protocol = {
  l7: [l7.L7_TLS],
  open() {
    return {
      grown(conversation, event, began, emit) {
        const end: End = event.packet.fromResponder ? 'server' : 'client'
        const handshake = handshakeOf(conversation, end, began)
        const { bytes } = conversation[end]
        const side = bytes.length < handshake.needed[end] ? undefined : decodeTls(bytes)
        if (side === undefined) return false
        handshake.needed[end] = side.complete ? bytes.length + 1 : side.needed
        hear(handshake, end, side, event, emit)
        return handshake.told.client && handshake.told.server
      },
      over(conversation, emit) {
        const handshake = conversation.notes
        if (!(handshake instanceof Handshake)) return
        for (const end of ['client', 'server'] as const) {
          const { first } = conversation[end]
          const side = handshake[end]
          if (first !== undefined && side !== undefined) tell(handshake, end, first, emit)
        }
      },
    }
  },
}

/** A message that begins after both were told is another handshake between the same ports. */
function handshakeOf(conversation: Conversation, end: End, began: boolean): Handshake {
  const known = conversation.notes
  if (known instanceof Handshake && !(began && known.told[end])) {
    if (began) known.needed[end] = 0
    return known
  }
  const made = new Handshake()
  conversation.notes = made
  return made
}

/** The kernel copied less than the packet held: what follows is no handshake in the clear. */
function endsHere(event: MessageEvent, side: TlsSide): boolean {
  return side.serverHello !== undefined && !event.packet.cut && event.bytes.length < event.length
}

function hear(
  handshake: Handshake,
  end: End,
  side: TlsSide,
  event: MessageEvent,
  emit: Emit,
): void {
  const role = side.role ?? end // the kernel may have taken the ends for each other
  handshake[role] = side
  if ((side.complete && !isUndecided(side)) || endsHere(event, side))
    tell(handshake, role, event, emit)
}

function tell(handshake: Handshake, role: End, event: MessageEvent, emit: Emit): void {
  const { client, server, told } = handshake
  if (told[role] || !(role === 'client' ? hasClient(client) : hasServer(server))) return
  told[role] = true
  emit(new TlsEvent(event, `tls-${role}-hello`, client, role === 'client' ? undefined : server))
}

function hasClient(side: TlsSide | undefined): boolean {
  return side?.hello !== undefined || side?.sslv2Hello !== undefined
}

function hasServer(side: TlsSide | undefined): boolean {
  if (side === undefined) return false
  const { serverHello, helloRetry, sslv2ServerHello, alert } = side
  return [serverHello, helloRetry, sslv2ServerHello, alert].some(part => part !== undefined)
}
