import { Defragmenter } from '../decode/defragment.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type MessageEvent } from '../decode/message.ts'
import { type Packet } from '../decode/packet.ts'
import { applicationName, ipProtocol } from '../decode/protocol.ts'
import { type Conversation, Reassembler, type ReassemblyLimits } from '../decode/reassembly.ts'
import { l7 } from '../decode/record.ts'
import { FirstBytesNames } from './first.ts'
import * as registry from './index.ts'
import { type Emit, type ProtocolHandlers } from './protocol.ts'

/** From pieces of packets to the events of their protocols, by what the kernel took them for. */
export class Protocols {
  readonly #emit: Emit
  readonly #byL7: (ProtocolHandlers | undefined)[] = []
  readonly #all: readonly ProtocolHandlers[]
  readonly #reassembler: Reassembler
  readonly #defragmenter = new Defragmenter(message => this.#message(message))
  readonly #first = new FirstBytesNames()
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

  get counters() {
    const { conversations, bytes } = this.#reassembler
    const reassembly = { ...this.#reassembler.counters, conversations, bytes }
    return { reassembly, fragments: this.#defragmenter.counters }
  }

  /** Hands on what the kernel took out of a packet. */
  take(event: KernelEvent): void {
    if (event.kind === 'message') this.#message(event)
    else if (event.kind === 'fragment') this.#defragmenter.take(event)
    else if (event.kind === 'flow' && event.action === 'end') this.#end(event.packet)
  }

  /** The protocol of a flow: by its content, decoded or not. */
  nameOf(flow: FlowEvent): string | undefined {
    return applicationName(flow.l7) ?? this.#first.of(flow.packet)
  }

  #message(message: MessageEvent): void {
    const { time, protocol } = message.packet
    if (time >= this.#nextExpiry) this.expire(time)
    if (message.l7 === l7.L7_FIRST) {
      this.#first.take(message)
      return
    }
    if (protocol === ipProtocol.tcp) this.#reassembler.take(message)
    else this.#byL7[message.l7]?.datagram?.(message, this.#emit)
  }

  #end(packet: Packet): void {
    if (packet.protocol === ipProtocol.tcp) this.#reassembler.end(packet)
  }

  /** Event time, µs, has come so far. */
  expire(time: number): void {
    this.#nextExpiry = time + 1e6
    this.#reassembler.expire(time)
    this.#defragmenter.expire(time)
    for (const handlers of this.#all) handlers.expire?.(time, this.#emit)
  }

  /** The end of everything: what is incomplete is told as it is. */
  close(): void {
    this.#defragmenter.clear()
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
