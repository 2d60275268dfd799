import { MacAddress } from '../decode/mac.ts'

/** What this stage needs to know of an interface; addresses with prefix length, `192.0.2.7/24`. */
export interface LinkInterface {
  readonly index: number
  readonly name: string
  /** Any notation, '' for none. */
  readonly mac: string
  readonly addresses: readonly string[]
}

/** The interfaces of the machine that the sensor runs on. */
export class OwnInterfaces {
  readonly #names = new Map<number, string>()
  #macs: readonly MacAddress[] = []

  /** Takes the place of what was known; names of interfaces that are gone stay for late events. */
  set(interfaces: readonly LinkInterface[]): void {
    for (const { index, name } of interfaces) this.#names.set(index, name)
    this.#macs = interfaces.flatMap(({ mac }) => MacAddress.parse(mac) ?? [])
  }

  /** '' for an interface that is not known. */
  name(ifindex: number): string {
    return this.#names.get(ifindex) ?? ''
  }

  isOwn(high: number, low: number): boolean {
    return this.#macs.some(mac => mac.high === high && mac.low === low)
  }
}
