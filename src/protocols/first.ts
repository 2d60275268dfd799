import { Conversations, OfConversation } from '../decode/conversations.ts'
import { type MessageEvent } from '../decode/message.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { identifyProtocol } from './app-ids.ts'

const LIMIT = 65_536

class Named extends OfConversation {
  protocol: string

  constructor(packet: Packet, protocol: string) {
    super(packet)
    this.protocol = protocol
  }
}

/**
 * Names the protocol of conversations that nothing here decodes, by the first bytes of their sides.
 * Remembers the last 65,536 of them, for the flow's own documents.
 */
export class FirstBytesNames {
  readonly #names = new Conversations<Named>()
  /** How many of them by the responder's port: most flows are to ports where all is decoded. */
  readonly #byPort = new Uint32Array(65_536)

  /** Takes the first bytes of a side. */
  take({ packet, bytes, length }: MessageEvent): void {
    const protocol = identifyProtocol({
      bytes,
      start: 0,
      end: bytes.length,
      size: length,
      transport: packet.protocol === ipProtocol.tcp ? 'tcp' : 'udp',
      fromServer: packet.fromResponder,
      serverPort: packet.destinationPort,
    })
    if (protocol === undefined) return
    const known = this.#names.find(packet)
    if (known !== undefined) {
      known.protocol = protocol
      return
    }
    const { oldest } = this.#names
    if (oldest !== undefined && this.#names.size >= LIMIT) {
      this.#names.remove(oldest)
      this.#count(oldest.ports, -1)
    }
    const named = new Named(packet, protocol)
    this.#names.add(named)
    this.#count(named.ports, 1)
  }

  /** What is known of the conversation of `packet`. */
  of(packet: Packet): string | undefined {
    if (this.#byPort[packet.destinationPort] === 0) return undefined
    return this.#names.find(packet)?.protocol
  }

  #count(ports: number, by: number): void {
    const port = ports & 0xffff
    this.#byPort[port] = (this.#byPort[port] ?? 0) + by
  }
}
