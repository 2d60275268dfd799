import { type FlowEvent } from '../decode/flow.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { WordMap } from '../enrich/word-map.ts'
import { BeaconRings } from './beacon-rings.ts'
import { PairTable, writeDestination, writeSource, writeText } from './pair-table.ts'

const hour = 3600 * 1e6
/** Connections from which a pair gets a ring. */
const promising = 4
/** A key that stands for a name; others have the family of the address here. */
const named = 256
/** All pairs are looked at in so many steps of a second. */
const round = 3600

/** Who talks to whom how often: a pair is a source and a name, or a source and an address. */
export class BeaconPairs {
  readonly table: PairTable
  readonly rings: BeaconRings
  readonly #ring: Int32Array
  readonly #first: Float64Array
  readonly #looked: Float64Array
  /** Score of what was told last; 0 for what is a habit. */
  readonly #score: Float32Array
  readonly #keep: number
  /** Slots in use, one after the other, and where each of them stands there. */
  readonly #live: Int32Array
  readonly #place: Int32Array
  #swept = 0
  #withoutRing = 0

  constructor(limit: number, rings: number) {
    this.#keep = 26 * hour
    this.table = new PairTable({ width: 9, limit, keep: this.#keep })
    this.rings = new BeaconRings(rings)
    this.#ring = new Int32Array(this.table.slots).fill(-1)
    this.#first = new Float64Array(this.table.slots)
    this.#looked = new Float64Array(this.table.slots)
    this.#score = new Float32Array(this.table.slots)
    this.#live = new Int32Array(this.table.slots)
    this.#place = new Int32Array(this.table.slots)
  }

  get counts() {
    const { size, refused, evicted } = this.table
    return { pairs: size, refused, evicted, watched: this.rings.size, unwatched: this.#withoutRing }
  }

  /** Counts a connection under its name, or under its address; returns the pair, -1 when refused. */
  count(flow: FlowEvent, name: string | undefined): number {
    const { table } = this
    const { key } = table
    const { packet } = flow
    writeSource(key, packet)
    if (name === undefined) {
      writeDestination(key, 4, packet)
      key[8] = packet.family
    } else {
      writeText(key, 4, name)
      key[6] = 0
      key[7] = 0
      key[8] = named
    }
    const known = table.find()
    const pair = known < 0 ? this.#begin(flow) : known
    if (pair < 0) return -1
    if (known >= 0) table.touch(pair, packet.time)
    this.#record(pair, flow, name)
    return pair
  }

  /** When the first connection of the pair began, µs. */
  first(pair: number): number {
    return this.#first[pair] ?? 0
  }

  /** The pair's ring, -1 as long as it has none. */
  ring(pair: number): number {
    return this.#ring[pair] ?? -1
  }

  /** Whether it is time to look again; if so, not before `pause` µs more. */
  due(pair: number, time: number, pause: number): boolean {
    if (time < (this.#looked[pair] ?? 0)) return false
    this.#looked[pair] = time + pause
    return true
  }

  /** Not to be looked at before `time`; `score` is what it was told with, 0 if it was not. */
  rest(pair: number, time: number, score: number): void {
    this.#looked[pair] = Math.max(time, this.#looked[pair] ?? 0)
    this.#score[pair] = score
  }

  /**
   * Who else lately went to the destination of the pair, how many sources there are, and how many
   * destinations its source calls just as often or was told to call: a monitor polls many.
   */
  company(pair: number, time: number) {
    const { table } = this
    const all = new WordMap<true>()
    const sharing = new WordMap<true>()
    const own = this.#source(pair, 0)
    const ownLow = this.#source(pair, 2)
    let beacons = 0
    for (let at = 0; at < table.size; at++) {
      const slot = this.#live[at] ?? 0
      if (time - table.last(slot) > this.#keep) continue
      const source = this.#source(slot, 0)
      const low = this.#source(slot, 2)
      all.set(source, low, true)
      if (this.#isTo(slot, pair)) sharing.set(source, low, true)
      if (source === own && low === ownLow && this.#isLike(slot, pair)) beacons++
    }
    return { sources: all.size, sharing: sharing.size, beacons }
  }

  /** Rings of pairs that are silent become free, a few at each call. */
  sweep(time: number): void {
    const { table } = this
    for (let left = Math.ceil(table.size / round); left > 0; left--) {
      this.#swept = this.#swept + 1 < table.size ? this.#swept + 1 : 0
      const pair = this.#live[this.#swept] ?? 0
      if (time - table.last(pair) <= this.#keep) continue
      this.#release(pair)
      this.#remove(pair)
    }
  }

  /** The last of those in use takes the place of the one that goes. */
  #remove(pair: number): void {
    const { table } = this
    const place = this.#place[pair] ?? 0
    const last = this.#live[table.size - 1] ?? 0
    this.#live[place] = last
    this.#place[last] = place
    table.remove(pair)
  }

  #begin(flow: FlowEvent): number {
    const { size } = this.table
    const pair = this.table.claim(flow.packet.time)
    if (pair < 0) return -1
    // Else another one gave way and this one has its place.
    if (this.table.size > size) {
      this.#live[size] = pair
      this.#place[pair] = size
    }
    this.#release(pair)
    this.#first[pair] = flow.start
    this.#looked[pair] = 0
    this.#score[pair] = 0
    return pair
  }

  #record(pair: number, flow: FlowEvent, name: string | undefined): void {
    let ring = this.#ring[pair] ?? -1
    if (ring < 0) {
      if (this.table.weight(pair) < promising) return
      ring = this.rings.claim()
      if (ring < 0) {
        this.#withoutRing++
        return
      }
      this.#ring[pair] = ring
      this.rings.names[ring] = name
    }
    this.rings.add(ring, flow.start, flow.sourcePayload)
  }

  #release(pair: number): void {
    const ring = this.#ring[pair] ?? -1
    if (ring >= 0) this.rings.release(ring)
    this.#ring[pair] = -1
  }

  /** Two words of the source as one, from `at` on: who has both the same is the same but for chance. */
  #source(slot: number, at: number): number {
    return Math.imul(this.table.word(slot, at), 31) ^ this.table.word(slot, at + 1)
  }

  #isLike(slot: number, pair: number): boolean {
    const { table } = this
    if (table.word(slot, 8) !== table.word(pair, 8)) return false
    if ((this.#score[slot] ?? 0) >= 0.7) return true
    return Math.abs(this.#rate(slot) / this.#rate(pair) - 1) < 0.1
  }

  /** Connections a µs, over an hour at least. */
  #rate(slot: number): number {
    const length = this.table.last(slot) - this.first(slot)
    return this.table.weight(slot) / Math.max(hour, length)
  }

  #isTo(slot: number, pair: number): boolean {
    const { table } = this
    for (let index = 4; index < 9; index++) {
      if (table.word(slot, index) !== table.word(pair, index)) return false
    }
    return true
  }
}

/** Ports of names and time: what is odd about these is others' business, and they are many. */
const uninteresting = new Set([53, 123, 853, 5353])

/** Whether it is a conversation whose rhythm says something. */
export function isWanted({ packet: { protocol, destinationPort } }: FlowEvent): boolean {
  if (protocol !== ipProtocol.tcp && protocol !== ipProtocol.udp) return false
  return !uninteresting.has(destinationPort)
}
