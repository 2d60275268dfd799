import { type FlowEvent } from '../decode/flow.ts'
import { conversationWidth, writeConversation } from '../enrich/name-keys.ts'
import { PairTable } from './pair-table.ts'

const limit = 32_768
/** µs: longer than a conversation lives in the kernel's table without a word. */
const keep = 3600 * 1e6

/**
 * What a conversation carried since it was last told: the kernel's totals count from its start.
 * Bounded: of one that does not fit, updates count for nothing and its end for everything.
 */
export class Growth {
  readonly #table = new PairTable({ width: conversationWidth, limit, keep })
  readonly #out = new Float64Array(this.#table.slots)
  readonly #back = new Float64Array(this.#table.slots)
  readonly #duration = new Float64Array(this.#table.slots)
  readonly #start = new Float64Array(this.#table.slots)
  #event: FlowEvent | undefined
  /** ns: no conversation was told of again before it had lasted so long. */
  #firstUpdate = Number.POSITIVE_INFINITY
  /** Of the event asked about last, as `of` left it: payload bytes of its source and destination. */
  out = 0
  back = 0
  /** ns that the conversation had lasted when it was told before; 0 if never. */
  before = 0

  get counts(): { readonly conversations: number; readonly refused: number } {
    return { conversations: this.#table.size, refused: this.#table.refused }
  }

  /** Works out what is new of a flow; asked again about the same event the answer is the same. */
  of(flow: FlowEvent): this {
    if (this.#event === flow) return this
    this.#event = flow
    this.out = flow.action === 'start' ? 0 : flow.sourcePayload
    this.back = flow.action === 'start' ? 0 : flow.destinationPayload
    this.before = 0
    if (flow.action === 'update') this.#update(flow)
    else if (flow.action === 'end' && flow.duration >= this.#firstUpdate) this.#end(flow)
    return this
  }

  #update(flow: FlowEvent): void {
    if (flow.duration < this.#firstUpdate) this.#firstUpdate = flow.duration
    writeConversation(this.#table.key, flow.packet)
    const known = this.#table.find()
    const slot = known < 0 ? this.#table.claim(flow.packet.time) : known
    if (slot < 0) {
      this.out = 0
      this.back = 0
      return
    }
    if (known >= 0) this.#subtract(flow, slot)
    this.#table.touch(slot, flow.packet.time)
    this.#out[slot] = flow.sourcePayload
    this.#back[slot] = flow.destinationPayload
    this.#duration[slot] = flow.duration
    this.#start[slot] = flow.start
  }

  #end(flow: FlowEvent): void {
    writeConversation(this.#table.key, flow.packet)
    const slot = this.#table.find()
    if (slot < 0) return
    this.#subtract(flow, slot)
    this.#table.remove(slot)
  }

  /** Ports are used again: another start is another conversation. */
  #subtract(flow: FlowEvent, slot: number): void {
    if (Math.abs((this.#start[slot] ?? 0) - flow.start) > 1e6) return
    this.out = Math.max(0, flow.sourcePayload - (this.#out[slot] ?? 0))
    this.back = Math.max(0, flow.destinationPayload - (this.#back[slot] ?? 0))
    this.before = this.#duration[slot] ?? 0
  }
}
