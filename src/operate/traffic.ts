import { type FlowEvent } from '../decode/flow.ts'
import { mix } from '../decode/mix.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { WordMap } from '../enrich/word-map.ts'

/** What a flow has added since it was last heard of. Bytes are frame bytes. */
export interface Added {
  sourcePackets: number
  sourceBytes: number
  destinationPackets: number
  destinationBytes: number
  /** It is heard of for the first time. */
  isNew: boolean
}

/** Flows remembered in each of two generations; reports give totals, so a forgotten one would count twice. */
const limit = 32_768
/** Two reports of one flow may differ so much in its start, in µs, for the rounding of clocks. */
const sameStart = 1000
/** Numbers of a flow in a generation: its start, packets and bytes of both sides. */
const width = 5
const none = new Float64Array()

/** Flows as they were heard of last, in rows of numbers: objects would be walked over by the collector. */
class Generation {
  readonly #rows = new WordMap<number>()
  #numbers = new Float64Array(64 * width)

  get size(): number {
    return this.#rows.size
  }

  /** Where the numbers of the flow stand in `numbers`, -1 for none. */
  find(one: number, two: number): number {
    return (this.#rows.get(one, two) ?? -1) * width
  }

  get numbers(): Float64Array {
    return this.#numbers
  }

  put(at: number, flow: FlowEvent): void {
    this.#numbers[at] = flow.start
    this.#numbers[at + 1] = flow.sourcePackets
    this.#numbers[at + 2] = flow.sourceBytes
    this.#numbers[at + 3] = flow.destinationPackets
    this.#numbers[at + 4] = flow.destinationBytes
  }

  add(one: number, two: number, flow: FlowEvent): void {
    const row = this.#rows.size
    if ((row + 1) * width > this.#numbers.length) this.#makeRoom()
    this.#rows.set(one, two, row)
    this.put(row * width, flow)
  }

  clear(): void {
    this.#rows.clear()
  }

  #makeRoom(): void {
    const numbers = new Float64Array(this.#numbers.length * 2)
    numbers.set(this.#numbers)
    this.#numbers = numbers
  }
}

/** Makes what each report of a flow adds out of its totals. */
export class Traffic {
  #young = new Generation()
  #old = new Generation()
  readonly #key = new Int32Array(2)
  /** ns: no conversation was told of again before it had lasted so long. */
  #firstUpdate = Number.POSITIVE_INFINITY
  readonly #added: Added = {
    sourcePackets: 0,
    sourceBytes: 0,
    destinationPackets: 0,
    destinationBytes: 0,
    isNew: false,
  }

  /** What `flow` adds; the object is used again for the next one. */
  added(flow: FlowEvent): Readonly<Added> {
    if (this.#isWhole(flow)) {
      this.#subtract(flow, none, -1)
      return this.#added
    }
    const key = this.#key
    writeKey(key, flow.packet)
    const one = key[0] ?? 0
    const two = key[1] ?? 0
    const young = this.#young.find(one, two)
    if (young >= 0) {
      this.#subtract(flow, this.#young.numbers, young)
      this.#young.put(young, flow)
      return this.#added
    }
    this.#subtract(flow, this.#old.numbers, this.#old.find(one, two))
    if (this.#young.size >= limit) this.#turn()
    this.#young.add(one, two, flow)
    return this.#added
  }

  /** Nothing but its start was told before, and nothing will be: only TCP has more after an end. */
  #isWhole({ action, duration, packet }: FlowEvent): boolean {
    if (action === 'update' && duration < this.#firstUpdate) this.#firstUpdate = duration
    return action === 'end' && duration < this.#firstUpdate && packet.protocol !== ipProtocol.tcp
  }

  #turn(): void {
    const over = this.#old
    this.#old = this.#young
    this.#young = over
    over.clear()
  }

  #subtract(flow: FlowEvent, numbers: Float64Array, at: number): void {
    const added = this.#added
    added.isNew = at < 0 || !isSame(numbers, at, flow)
    added.sourcePackets = flow.sourcePackets
    added.sourceBytes = flow.sourceBytes
    added.destinationPackets = flow.destinationPackets
    added.destinationBytes = flow.destinationBytes
    if (added.isNew) return
    added.sourcePackets -= numbers[at + 1] ?? 0
    added.sourceBytes -= numbers[at + 2] ?? 0
    added.destinationPackets -= numbers[at + 3] ?? 0
    added.destinationBytes -= numbers[at + 4] ?? 0
  }
}

/** A later report of the same conversation, and not another one between the same ends. */
function isSame(numbers: Float64Array, at: number, flow: FlowEvent): boolean {
  return (
    Math.abs((numbers[at] ?? 0) - flow.start) <= sameStart &&
    flow.sourcePackets >= (numbers[at + 1] ?? 0) &&
    flow.destinationPackets >= (numbers[at + 3] ?? 0)
  )
}

/** 64 bits of the conversation: no two of 65,536 share them. */
function writeKey(key: Int32Array, packet: Packet): void {
  const { source0, destination0, sourcePort, destinationPort } = packet
  let one = mix(packet.ifindex ^ (packet.vlan << 16), packet.protocol ^ (packet.tunnelId << 8))
  one = mix(one, (sourcePort << 16) | destinationPort)
  one = mix(mix(one, source0), destination0)
  if (packet.family === 6) {
    one = mix(mix(one, packet.source1), packet.destination1)
    one = mix(mix(one, packet.source2), packet.destination2)
    one = mix(mix(one, packet.source3), packet.destination3)
  }
  key[0] = one
  key[1] = mix(mix(one, packet.source3 ^ source0), packet.destination3 ^ destinationPort)
}
