import { type Device } from './device.ts'

/** Known cards are found here without hashing; direct-mapped, a power of two. */
const cacheSize = 2048

/** All cards by their MACs (two numbers of 24 bits each). */
export class CardIndex {
  readonly #byMac = new Map<number, Device>()
  readonly #cache = new Array<Device | undefined>(cacheSize).fill(undefined)

  get size(): number {
    return this.#byMac.size
  }

  [Symbol.iterator](): IterableIterator<Device> {
    return this.#byMac.values()
  }

  get(high: number, low: number): Device | undefined {
    const slot = slotOf(high, low)
    const cached = this.#cache[slot]
    if (cached !== undefined && cached.low === low && cached.high === high) return cached
    const found = this.#byMac.get(macKey(high, low))
    if (found !== undefined) this.#cache[slot] = found
    return found
  }

  add(device: Device): void {
    this.#byMac.set(macKey(device.high, device.low), device)
  }

  remove(device: Device): void {
    const slot = slotOf(device.high, device.low)
    if (this.#cache[slot] === device) this.#cache[slot] = undefined
    this.#byMac.delete(macKey(device.high, device.low))
  }
}

function slotOf(high: number, low: number): number {
  return (Math.imul(low ^ Math.imul(high, 31), 0x9e3779b1) >>> 21) & (cacheSize - 1)
}

function macKey(high: number, low: number): number {
  return high * 0x1000000 + low
}
