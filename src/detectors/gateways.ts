import { type FlowEvent } from '../decode/flow.ts'
import { type Home } from '../enrich/direction.ts'
import { macKey } from './keys.ts'

const most = 16

/** MACs to which hosts of ours send what is for outside: the routers of the links. */
export class Gateways {
  readonly #macs = new Set<number>()
  readonly #home: () => Home
  #latest = -1

  constructor(home: () => Home) {
    this.#home = home
  }

  /** For every flow, so it is quick: nearly all go to the router that the last one went to. */
  learn({ packet, action }: FlowEvent): void {
    if (action !== 'start') return
    const { destinationMacHigh, destinationMacLow } = packet
    const mac = macKey(destinationMacHigh, destinationMacLow)
    if (mac === this.#latest || mac === 0 || !packet.onLink) return
    if (this.#home().direction(packet) !== 'outbound') return
    this.#latest = mac
    if (this.#macs.size < most) this.#macs.add(mac)
  }

  has(high: number, low: number): boolean {
    return this.#macs.has(macKey(high, low))
  }
}
