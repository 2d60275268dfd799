import { type MessageEvent } from '../decode/message.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { conversationKey } from '../decode/reassembly.ts'
import { identifyProtocol } from './app-ids.ts'

const LIMIT = 65_536

/**
 * Names the protocol of conversations that nothing here decodes, by the first bytes of their sides.
 * Remembers the last 65,536 of them, for the flow's own documents.
 */
export class FirstBytesNames {
  readonly #names = new Map<string, string>()

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
    const key = conversationKey(packet)
    if (this.#names.size >= LIMIT && !this.#names.has(key)) {
      const [oldest] = this.#names.keys()
      if (oldest !== undefined) this.#names.delete(oldest)
    }
    this.#names.set(key, protocol)
  }

  /** What is known of the conversation of `packet`. */
  of(packet: Packet): string | undefined {
    return this.#names.size === 0 ? undefined : this.#names.get(conversationKey(packet))
  }
}
