import { createHash } from 'node:crypto'
import { type Device } from './device.ts'
import { type Duty, Facts } from './facts.ts'
import { readFacts, writeFacts } from './facts-record.ts'

/** Cards that one device is remembered with; phones that make up MACs have a new one every day. */
export const cardLimit = 8

const none: readonly string[] = []
/** µs by which times of what a device does all the time may lag behind. */
const lag = 60e6

/** A device: its identity, the cards (MACs) that it has been seen with, and what is known of it. */
export class Profile {
  /** Stays the same for as long as the device is known. */
  readonly id: string
  /** µs of event time. */
  readonly firstSeen: number
  /** The one that came last is the last. */
  cards: readonly Device[] = []
  #facts: Facts | undefined
  /** The facts as text, while nobody uses them: a fifth of the memory. */
  #packed: string | undefined
  /** There are facts that the disk does not have. */
  changed = false
  /** What it is found by when it comes with another MAC. */
  keys: readonly string[] = none
  /** It fell silent and that was told. */
  silent = false
  /** The card that sent last, and how often that has changed since `swapsSince` (µs). */
  active: Device | undefined
  swaps = 0
  swapsSince = 0
  /** The service and the duty of the last time, and until when (µs) they are not written again. */
  #service = 0
  #serviceUntil = 0
  #duty: Duty | undefined
  #dutyUntil = 0

  constructor(id: string, firstSeen: number) {
    this.id = id
    this.firstSeen = firstSeen
  }

  /** Lists are made as long as they are: there are some ten thousand of them. */
  join(card: Device): void {
    card.profile = this
    this.#setCards([...this.cards, card].sort((a, b) => a.firstSeen - b.firstSeen))
  }

  leave(card: Device): void {
    card.isOneOfMany = false
    this.#setCards(this.cards.filter(one => one !== card))
  }

  #setCards(cards: readonly Device[]): void {
    this.cards = cards
    for (const card of cards) card.isOneOfMany = cards.length > 1
  }

  get facts(): Facts | undefined {
    if (this.#packed !== undefined) {
      this.#facts = this.peek()
      this.#packed = undefined
    }
    return this.#facts
  }

  set facts(facts: Facts | undefined) {
    this.#facts = facts
    this.#packed = undefined
  }

  /** To be written to: made when there is a first fact. */
  get own(): Facts {
    this.facts ??= new Facts()
    return this.facts
  }

  /** It answered on a port. */
  answered(protocol: number, port: number, time: number): void {
    const service = (protocol << 16) | port
    if (service === this.#service && time < this.#serviceUntil) return
    this.#service = service
    this.#serviceUntil = time + lag
    if (this.own.addService(protocol, port, time)) this.changed = true
  }

  /** It was seen doing what only some do. */
  serves(duty: Duty, time: number): void {
    if (duty === this.#duty && time < this.#dutyUntil) return
    this.#duty = duty
    this.#dutyUntil = time + lag
    if (this.own.addDuty(duty, time)) this.changed = true
  }

  /** The facts for a look: what is packed stays so. */
  peek(): Facts | undefined {
    return this.#packed === undefined ? this.#facts : unpack(this.#packed)
  }

  /** Takes the facts of a record as text; they stay packed until somebody wants them. */
  restore(packed: string | undefined): void {
    this.#facts = undefined
    this.#packed = packed
  }

  /** Makes the facts small until somebody wants them again. */
  pack(): void {
    if (this.#facts === undefined) return
    this.#packed = JSON.stringify(writeFacts(this.#facts))
    this.#facts = undefined
  }

  get lastSeen(): number {
    return this.cards.reduce((last, card) => Math.max(last, card.lastSeen), 0)
  }

  /** Last frame that it sent itself, as opposed to a conversation of its that went on. */
  get lastSent(): number {
    return this.cards.reduce((last, card) => Math.max(last, card.lastSent), 0)
  }

  get hostnames(): readonly string[] {
    return this.peek()?.hostnames ?? []
  }
}

/** What is no record of facts says nothing. */
function unpack(text: string): Facts | undefined {
  try {
    return readFacts(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The id of a device that is first seen with this MAC: the same in every run and every replay. */
export function deviceId(mac: string): string {
  return createHash('sha256').update(`orthrus device ${mac}`).digest('hex').slice(0, 16)
}
