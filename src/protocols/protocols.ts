import { type MessageEvent } from '../decode/message.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { type Conversation, Reassembler, type ReassemblyLimits } from '../decode/reassembly.ts'
import * as registry from './index.ts'
import { type Emit, type ProtocolHandlers } from './protocol.ts'

/** Hands each message to the protocol that the kernel took it for, TCP's after reassembly. */
export class Protocols {
  readonly #emit: Emit
  readonly #byL7: (ProtocolHandlers | undefined)[] = []
  readonly #all: readonly ProtocolHandlers[]
  readonly #reassembler: Reassembler
  #nextExpiry = Number.NEGATIVE_INFINITY

  constructor(emit: Emit, limits: Partial<ReassemblyLimits> = {}) {
    this.#emit = emit
    this.#all = Object.values(registry).map(({ l7, open }) => {
      const handlers = open()
      for (const number of l7) this.#byL7[number] = handlers
      return handlers
    })
    this.#reassembler = new Reassembler(
      {
        grown: (conversation, message, began) => this.#grown(conversation, message, began),
        over: conversation => this.#over(conversation),
      },
      limits,
    )
  }

  get reassembly() {
    const { counters, conversations, bytes } = this.#reassembler
    return { ...counters, conversations, bytes }
  }

  take(message: MessageEvent): void {
    const { time, protocol } = message.packet
    if (time >= this.#nextExpiry) this.expire(time)
    if (protocol === ipProtocol.tcp) this.#reassembler.take(message)
    else this.#byL7[message.l7]?.datagram?.(message, this.#emit)
  }

  /** The conversation of `packet` has ended. */
  end(packet: Packet): void {
    if (packet.protocol === ipProtocol.tcp) this.#reassembler.end(packet)
  }

  /** Event time, µs, has come so far. */
  expire(time: number): void {
    this.#nextExpiry = time + 1e6
    this.#reassembler.expire(time)
    for (const handlers of this.#all) handlers.expire?.(time, this.#emit)
  }

  /** The end of everything: what is incomplete is told as it is. */
  close(): void {
    this.#reassembler.clear()
    for (const handlers of this.#all) handlers.expire?.(Number.POSITIVE_INFINITY, this.#emit)
  }

  #grown(conversation: Conversation, message: MessageEvent, began: boolean): void {
    const side = message.packet.fromResponder ? conversation.server : conversation.client
    const done = this.#byL7[side.l7]?.grown?.(conversation, message, began, this.#emit)
    if (done === true) this.#reassembler.forget(conversation)
  }

  #over(conversation: Conversation): void {
    const { client, server } = conversation
    this.#byL7[client.l7]?.over?.(conversation, this.#emit)
    if (server.l7 !== client.l7) this.#byL7[server.l7]?.over?.(conversation, this.#emit)
  }
}
