import { type FlowEvent } from '../decode/flow.ts'
import { type Home } from '../enrich/direction.ts'
import { type DhcpEvent } from '../protocols/dhcp-events.ts'
import { macKey } from './keys.ts'

const most = 16

/** MACs to which hosts of ours send what is for outside: the routers of the links. */
export class Gateways {
  readonly #macs = new Set<number>()
  readonly #servers = new Set<number>()
  /** µs: the last word of each that came with an answer. */
  readonly #heard = new Map<number, number>()
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
    if ((destinationMacHigh & 0x010000) !== 0) return
    const { family, destination0, destination1, destination2, destination3 } = packet
    const home = this.#home()
    // Most of what does not go to the router stays at home, and that is soon said.
    if (home.has(family, destination0, destination1, destination2, destination3)) return
    if (home.direction(packet) !== 'outbound') return
    this.#latest = mac
    if (this.#macs.size < most) this.#macs.add(mac)
  }

  /** A conversation that was answered by way of a router is over: so long was the router there. */
  answered({ packet, destinationPackets, end }: FlowEvent): void {
    if (destinationPackets === 0) return
    const mac = macKey(packet.destinationMacHigh, packet.destinationMacLow)
    if (this.#macs.has(mac) && end > (this.#heard.get(mac) ?? 0)) this.#heard.set(mac, end)
  }

  /** µs: when a router was last known to carry answers; 0 for never. */
  heard(high: number, low: number): number {
    return this.#heard.get(macKey(high, low)) ?? 0
  }

  /** A DHCP server asks for each address before it gives it away. */
  serves({ packet }: DhcpEvent): void {
    if (!packet.onLink || this.#servers.size >= most) return
    const { fromResponder } = packet
    const high = fromResponder ? packet.destinationMacHigh : packet.sourceMacHigh
    const low = fromResponder ? packet.destinationMacLow : packet.sourceMacLow
    this.#servers.add(macKey(high, low))
  }

  /**
   * Times as many addresses that nobody has as others may ask for: the whole internet asks a router
   * for them, and a DHCP server looks whether they are free.
   */
  room(high: number, low: number): number {
    const mac = macKey(high, low)
    if (this.#servers.has(mac)) return 100
    return this.#macs.has(mac) ? 10 : 1
  }

  has(high: number, low: number): boolean {
    return this.#macs.has(macKey(high, low))
  }
}
