import { Conversations, OfConversation } from './conversations.ts'
import { HeldBack } from './held.ts'
import { type MessageEvent } from './message.ts'
import { type Packet } from './packet.ts'
import { type Growth, StreamSide } from './stream.ts'

export interface ReassemblyLimits {
  /** Conversations with unfinished messages. */
  readonly conversations: number
  /** Bytes of all of them. */
  readonly bytes: number
  /** µs of event time without a new piece. */
  readonly timeout: number
}

/** What was given up, and why: never without a trace. */
export interface ReassemblyCounters {
  /** Conversations pushed out by newer ones. */
  evicted: number
  /** Conversations that fell silent in the middle of a message. */
  expired: number
  /** Bytes beyond what is kept of a message. */
  overflow: number
}

/** A TCP conversation whose messages are being put together. */
export class Conversation extends OfConversation {
  readonly client = new StreamSide()
  readonly server = new StreamSide()
  /** Event time of the last piece, µs. */
  last: number
  size = 0
  isOver = false
  /** What a protocol keeps of it. */
  notes: unknown

  constructor(packet: Packet) {
    super(packet)
    this.last = packet.time
  }
}

export interface ReassemblyHandlers {
  /** A side has more bytes in order; `began` when they begin a message. */
  grown(conversation: Conversation, event: MessageEvent, began: boolean): void
  /** Nothing more will come: what is incomplete is cut. */
  over(conversation: Conversation): void
}

const defaults: ReassemblyLimits = {
  conversations: 16_384,
  bytes: 64 << 20,
  timeout: 30_000_000,
}

/**
 * Puts the messages of TCP conversations together, both sides of each. Bounded in conversations,
 * bytes and event time: the one without news for longest goes first, and is told to be over.
 */
export class Reassembler {
  readonly counters: ReassemblyCounters = { evicted: 0, expired: 0, overflow: 0 }
  readonly #limits: ReassemblyLimits
  readonly #handlers: ReassemblyHandlers
  /** In the order of their last piece. */
  readonly #conversations = new Conversations<Conversation>()
  readonly #held = new HeldBack()
  #bytes = 0

  constructor(handlers: ReassemblyHandlers, limits: Partial<ReassemblyLimits> = {}) {
    this.#handlers = handlers
    this.#limits = { ...defaults, ...limits }
  }

  get conversations(): number {
    return this.#conversations.size
  }

  get bytes(): number {
    return this.#bytes
  }

  take(event: MessageEvent): void {
    this.expire(event.packet.time)
    const conversation = this.#touch(event)
    const side = event.packet.fromResponder ? conversation.server : conversation.client
    const lost = side.overflow
    const growth = side.take(event)
    this.counters.overflow += Math.max(0, side.overflow - lost)
    this.#account(conversation)
    this.#tell(conversation, side, event, growth)
  }

  /** Nobody needs the bytes of this conversation any more. */
  forget(conversation: Conversation): void {
    this.#held.release(conversation.client)
    this.#held.release(conversation.server)
    if (conversation.isOver) return
    this.#drop(conversation)
  }

  /** The conversation of `packet` has ended. */
  end(packet: Packet): void {
    const conversation = this.#conversations.find(packet)
    if (conversation !== undefined) this.#remove(conversation)
  }

  /** Gives up what has been silent for too long at `time` (µs). */
  expire(time: number): void {
    for (let news = this.#held.due(time); news !== undefined; news = this.#held.due(time)) {
      this.#held.release(news.side)
      const conversation = this.#conversations.find(news.event.packet)
      if (conversation !== undefined) this.#handlers.grown(conversation, news.event, news.began)
    }
    for (;;) {
      const { oldest } = this.#conversations
      if (oldest === undefined || oldest.last + this.#limits.timeout >= time) return
      this.counters.expired++
      this.#remove(oldest)
    }
  }

  /** The end of everything. */
  clear(): void {
    for (;;) {
      const { oldest } = this.#conversations
      if (oldest === undefined) return
      this.#remove(oldest)
    }
  }

  #tell(conversation: Conversation, side: StreamSide, event: MessageEvent, growth: Growth): void {
    const isNews = growth !== 'none'
    const began = growth === 'new'
    if (this.#held.isDoubtful(side, event)) {
      if (isNews) this.#held.keep(side, event, began)
      return
    }
    if (!isNews) {
      this.#hear(conversation, side)
      return
    }
    const held = this.#held.release(side)
    // Who answers has seen all of what is answered.
    const { client, server } = conversation
    this.#hear(conversation, side === client ? server : client)
    this.#handlers.grown(conversation, event, began || held?.began === true)
  }

  /** Tells what was held back of a side. */
  #hear(conversation: Conversation, side: StreamSide): void {
    const held = this.#held.release(side)
    if (held !== undefined) this.#handlers.grown(conversation, held.event, held.began)
  }

  #touch({ packet }: MessageEvent): Conversation {
    const known = this.#conversations.find(packet)
    if (known === undefined) return this.#add(packet)
    this.#conversations.refresh(known)
    known.last = packet.time
    return known
  }

  #add(packet: Packet): Conversation {
    const { oldest } = this.#conversations
    if (oldest !== undefined && this.#conversations.size >= this.#limits.conversations) {
      this.#evict(oldest)
    }
    const made = new Conversation(packet)
    this.#conversations.add(made)
    return made
  }

  #account(conversation: Conversation): void {
    const size = conversation.client.size + conversation.server.size
    this.#bytes += size - conversation.size
    conversation.size = size
    while (this.#bytes > this.#limits.bytes) {
      const { oldest } = this.#conversations
      if (oldest === undefined || oldest === conversation) return
      this.#evict(oldest)
    }
  }

  #evict(conversation: Conversation): void {
    this.counters.evicted++
    this.#remove(conversation)
  }

  #remove(conversation: Conversation): void {
    this.#drop(conversation)
    this.#hear(conversation, conversation.client)
    this.#hear(conversation, conversation.server)
    this.#handlers.over(conversation)
  }

  #drop(conversation: Conversation): void {
    this.#conversations.remove(conversation)
    this.#bytes -= conversation.size
    conversation.isOver = true
  }
}
