import { type Device } from './device.ts'
import { type Sighting } from './sighting.ts'

/** A card that was never seen, while it is not yet clear whose it is. */
export interface Newcomer {
  readonly device: Device
  /** How it was seen first, with the address that tells most of it so far. */
  readonly seen: Sighting
  /** The addresses that it has claimed, to be judged when it is clear whose it is. */
  readonly claims: Sighting[]
  /** µs of observed time when it came. */
  readonly observed: number
  /** µs until which evidence is awaited. */
  readonly due: number
}

/** Newcomers that are waited for at a time. */
const limit = 4096
const claimLimit = 8

/**
 * Cards that are held back for a moment of event time: DHCP and mDNS, which say who it is, come just
 * after the first frame. Told in the order in which they came.
 */
export class Newcomers {
  readonly #waiting = new Map<Device, Newcomer>()
  readonly #grace: number
  #next = Number.POSITIVE_INFINITY

  /** `grace` in µs of event time. */
  constructor(grace: number) {
    this.#grace = grace
  }

  /** µs when the first one has waited long enough. */
  get nextDue(): number {
    return this.#next
  }

  /** So many wait that another one does not fit. */
  get isFull(): boolean {
    return this.#waiting.size >= limit
  }

  get(device: Device): Newcomer | undefined {
    return this.#next === Number.POSITIVE_INFINITY ? undefined : this.#waiting.get(device)
  }

  add(device: Device, seen: Sighting, observed: number): Newcomer {
    const due = seen.time + this.#grace
    const newcomer = { device, seen: { ...seen }, claims: [], observed, due }
    this.#waiting.set(device, newcomer)
    if (this.#waiting.size === 1) this.#next = due
    return newcomer
  }

  /** It waits no longer. */
  remove(device: Device): void {
    this.#waiting.delete(device)
    const [first] = this.#waiting.values()
    this.#next = first?.due ?? Number.POSITIVE_INFINITY
  }

  /** The one that has waited longest, when its time is over at `time` (µs). */
  takeDue(time: number): Newcomer | undefined {
    return time < this.#next ? undefined : this.takeFirst()
  }

  /** The one that has waited longest, due or not. */
  takeFirst(): Newcomer | undefined {
    const [first] = this.#waiting.values()
    if (first !== undefined) this.remove(first.device)
    return first
  }
}

/** Takes note of an address of the newcomer; the one that is told is no link-local one if it can be. */
export function addClaim({ seen, claims }: Newcomer, claim: Sighting): void {
  if (claims.length < claimLimit) claims.push({ ...claim })
  if (seen.family !== 0 && !(isLinkLocal(seen) && !isLinkLocal(claim))) return
  const { family, word0, word1, word2, word3, evidence } = claim
  Object.assign(seen, { family, word0, word1, word2, word3, evidence })
}

/** Whether there is an address that says more than that a card is there. */
export function hasAddress({ seen }: Newcomer): boolean {
  return seen.family !== 0 && !isLinkLocal(seen)
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291 2.5.6). */
function isLinkLocal({ family, word0 }: Sighting): boolean {
  return family === 4 ? word0 >>> 16 === 0xa9fe : word0 >>> 22 === 0x3fa
}
