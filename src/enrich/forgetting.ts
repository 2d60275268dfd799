import { type CardIndex } from './card-index.ts'
import { type Device } from './device.ts'
import { type Profile } from './profile.ts'
import { type Reception } from './reception.ts'
import { type Silence } from './silence.ts'

export interface ForgettingParts {
  readonly cards: CardIndex
  readonly silence: Silence
  /** µs of silence after which a device is forgotten. */
  readonly after: number
  /** µs of silence after which a device that comes again has returned: it may make room before. */
  readonly returnedAfter: number
  readonly reception: Pick<Reception, 'forget'>
}

/** Devices that can make room without looking at all of them anew. */
const prepared = 256
/** µs of event time before they are looked for again when there were none. */
const pause = 60e6

/** Decides which devices are remembered no longer: silence counts while somebody watches. */
export class Forgetting {
  readonly #parts: ForgettingParts
  /** µs of silence after which a device may make room for a new one. */
  readonly #yieldsAfter: number
  #silent: Profile[] = []
  #nextLook = Number.NEGATIVE_INFINITY
  #forgotten = 0
  #evicted = 0

  constructor(parts: ForgettingParts) {
    this.#parts = parts
    this.#yieldsAfter = Math.min(parts.after, parts.returnedAfter)
  }

  /** Devices that were silent for too long. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** Devices that made room for others. */
  get evicted(): number {
    return this.#evicted
  }

  /** Forgets the device of the card if it has been silent for too long at `time` (µs). */
  visit(device: Device, time: number): void {
    const { after, reception } = this.#parts
    if (!this.#isSilent(device, after, time)) return
    this.#forgotten++
    reception.forget(device.profile)
  }

  /** Forgets the one of the long silent that was silent for longest; false when there is none. */
  makeRoom(time: number): boolean {
    if (this.#silent.length === 0 && time >= this.#nextLook) this.#look(time)
    for (let profile = this.#silent.pop(); profile !== undefined; profile = this.#silent.pop()) {
      const [card] = profile.cards
      // It may have been heard or forgotten since.
      if (card === undefined || !this.#isSilent(card, this.#yieldsAfter, time)) continue
      this.#evicted++
      this.#parts.reception.forget(profile)
      return true
    }
    return false
  }

  /** Those silent for longest at the end. */
  #look(time: number): void {
    this.#nextLook = time + pause
    const { cards } = this.#parts
    const silent = new Set<Profile>()
    for (const card of cards) {
      if (this.#isSilent(card, this.#yieldsAfter, time)) silent.add(card.profile)
    }
    this.#silent = [...silent].sort((a, b) => b.lastSeen - a.lastSeen).slice(-prepared)
  }

  /** All of the device; whom the operator has written to is there for good. */
  #isSilent(card: Device, after: number, time: number): boolean {
    if (time - card.lastSeen <= after || card.self) return false
    const { profile } = card
    if (this.#parts.silence.ofAll(profile, time) <= after) return false
    const facts = profile.peek()
    return facts === undefined || (facts.tags.length === 0 && facts.note === undefined)
  }
}
