import { type FlowEvent } from '../decode/flow.ts'

/** What a flow has added since it was last heard of. Bytes are frame bytes. */
export interface Added {
  sourcePackets: number
  sourceBytes: number
  destinationPackets: number
  destinationBytes: number
  /** It is heard of for the first time. */
  isNew: boolean
}

interface Heard {
  readonly start: number
  sourcePackets: number
  sourceBytes: number
  destinationPackets: number
  destinationBytes: number
}

/**
 * Flows remembered in each of two generations; reports give totals, so a forgotten one would count
 * twice. Not one map whose first key is deleted: V8 walks over all deleted ones to find the next.
 */
const limit = 32_768
/** Two reports of one flow may differ so much in its start, in µs, for the rounding of clocks. */
const sameStart = 1000

/** Makes what each report of a flow adds out of its totals. */
export class Traffic {
  #young = new Map<number, Heard>()
  #old = new Map<number, Heard>()
  readonly #added: Added = {
    sourcePackets: 0,
    sourceBytes: 0,
    destinationPackets: 0,
    destinationBytes: 0,
    isNew: false,
  }

  /** What `flow` adds; the object is used again for the next one. */
  added(flow: FlowEvent): Readonly<Added> {
    const key = flowKey(flow)
    const known = this.#young.get(key) ?? this.#old.get(key)
    const before = known !== undefined && isSame(known, flow) ? known : undefined
    const added = this.#added
    added.isNew = before === undefined
    added.sourcePackets = flow.sourcePackets - (before?.sourcePackets ?? 0)
    added.sourceBytes = flow.sourceBytes - (before?.sourceBytes ?? 0)
    added.destinationPackets = flow.destinationPackets - (before?.destinationPackets ?? 0)
    added.destinationBytes = flow.destinationBytes - (before?.destinationBytes ?? 0)
    this.#remember(key, flow)
    return added
  }

  #remember(key: number, flow: FlowEvent): void {
    const { start, sourcePackets, sourceBytes, destinationPackets, destinationBytes } = flow
    if (this.#young.size >= limit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    const heard = { start, sourcePackets, sourceBytes, destinationPackets, destinationBytes }
    this.#young.set(key, heard)
  }
}

/** A later report of the same conversation, and not another one between the same ends. */
function isSame(heard: Heard, flow: FlowEvent): boolean {
  return (
    Math.abs(heard.start - flow.start) <= sameStart &&
    flow.sourcePackets >= heard.sourcePackets &&
    flow.destinationPackets >= heard.destinationPackets
  )
}

/** 53 bits of the conversation: two of 65,536 share them once in a million runs. */
function flowKey(flow: FlowEvent): number {
  let one = mix(flow.ifindex ^ (flow.vlan << 16), flow.protocol ^ (flow.tunnelId << 8))
  one = mix(one, (flow.sourcePort << 16) | flow.destinationPort)
  one = mix(mix(one, flow.source0), flow.destination0)
  if (flow.family === 6) {
    one = mix(mix(one, flow.source1), flow.destination1)
    one = mix(mix(one, flow.source2), flow.destination2)
    one = mix(mix(one, flow.source3), flow.destination3)
  }
  const two = mix(mix(one, flow.source3 ^ flow.source0), flow.destination3 ^ flow.destinationPort)
  return (one >>> 0) * 0x200000 + (two >>> 11)
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ Math.imul(word, 0x85ebca6b), 0xc2b2ae35)
  return product ^ (product >>> 15)
}
