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
  #asked: Packet | undefined
  #answer: string | undefined

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
    this.#asked = undefined
    const known = this.#names.find(packet)
    if (known !== undefined) {
      known.protocol = protocol
      return
    }
    const { oldest } = this.#names
    if (oldest !== undefined && this.#names.size >= LIMIT) this.#names.remove(oldest)
    this.#names.add(new Named(packet, protocol))
  }

  /** What is known of the conversation of `packet`. */
  of(packet: Packet): string | undefined {
    // Several stages ask, one after the other.
    if (packet !== this.#asked) {
      this.#asked = packet
      this.#answer = this.#names.find(packet)?.protocol
    }
    return this.#answer
  }
}
