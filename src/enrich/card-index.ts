import { type Device, inventory } from './device.ts'
import { WordMap } from './word-map.ts'

/** All cards by their MACs (two numbers of 24 bits each). */
export class CardIndex {
  readonly #byMac = new WordMap<Device>()

  get size(): number {
    return this.#byMac.size
  }

  [Symbol.iterator](): IterableIterator<Device> {
    return this.#byMac.values()
  }

  get(high: number, low: number): Device | undefined {
    return this.#byMac.get(high, low)
  }

  add(device: Device): void {
    this.#byMac.set(device.high, device.low, device)
    inventory.changes++
  }

  remove(device: Device): void {
    this.#byMac.delete(device.high, device.low)
    inventory.changes++
  }
}
