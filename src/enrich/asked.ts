import { type Packet } from '../decode/packet.ts'

/**
 * The last answer about a packet: several stages ask the same, one after the other. It is good for
 * that `start` (µs) and as long as what it was found in, which counts its `changes`, stays as it is.
 */
export class Asked<T> {
  #packet: Packet | undefined
  #start = 0
  #changes = 0
  answer: T | undefined

  about(packet: Packet, start: number, changes: number): boolean {
    return this.#packet === packet && this.#start === start && this.#changes === changes
  }

  keep(packet: Packet, start: number, changes: number, answer: T | undefined): T | undefined {
    this.#packet = packet
    this.#start = start
    this.#changes = changes
    this.answer = answer
    return answer
  }
}
