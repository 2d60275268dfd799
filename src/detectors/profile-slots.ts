import { type Packet } from '../decode/packet.ts'
import { type DetectorContext } from './detector.ts'
import { sourceKey } from './source.ts'

/** Direct-mapped, a power of two. */
const cached = 16_384

/** From the source of a packet to the slot of its profile, without a text in between as a rule. */
export class ProfileSlots {
  readonly #context: Pick<DetectorContext, 'devices' | 'profiles'>
  readonly #words = new Int32Array(cached * 5)
  readonly #slots = new Int32Array(cached).fill(-1)
  readonly #addresses: string[] = []
  #generation = 0

  constructor(context: Pick<DetectorContext, 'devices' | 'profiles'>) {
    this.#context = context
  }

  /** Slots up to this one were seen in this run. */
  get size(): number {
    return this.#addresses.length
  }

  /** The address from which the slot's device was seen last. */
  address(slot: number): string {
    return this.#addresses[slot] ?? ''
  }

  /** -1: there is no room, or the source has no profile and nobody answered it, so it may be made up. */
  find(packet: Packet, hour: number, answered: boolean): number {
    const { source0, source1, source2, source3, sourceMacLow } = packet
    if (this.#generation !== this.#context.profiles.generation) this.#clear()
    const hash = Math.imul(source0 ^ source1 ^ source2 ^ Math.imul(source3, 31), 0x9e3779b1)
    const entry = (hash ^ Math.imul(sourceMacLow, 0x85ebca6b)) >>> 18
    const words = this.#words
    const at = entry * 5
    const slot = this.#slots[entry] ?? -1
    if (
      slot >= 0 &&
      words[at] === source0 &&
      words[at + 3] === source3 &&
      words[at + 4] === sourceMacLow &&
      words[at + 1] === source1 &&
      words[at + 2] === source2
    ) {
      return slot
    }
    return answered ? this.#look(packet, hour, entry) : -1
  }

  #look(packet: Packet, hour: number, entry: number): number {
    const { devices, profiles } = this.#context
    const slot = profiles.slot(sourceKey(devices, packet), hour)
    if (slot < 0) return -1
    const { source0, source1, source2, source3, sourceMacLow } = packet
    this.#words.set([source0, source1, source2, source3, sourceMacLow], entry * 5)
    this.#slots[entry] = slot
    while (this.#addresses.length <= slot) this.#addresses.push('')
    this.#addresses[slot] = packet.sourceIp ?? ''
    return slot
  }

  #clear(): void {
    this.#generation = this.#context.profiles.generation
    this.#slots.fill(-1)
  }
}
