import { type Seen } from './store.ts'

const day = 86_400_000_000

/** A sighting kept up to date. */
export interface Sightings extends Seen {
  firstSeen: number
  lastSeen: number
  events: number
}

/** An entity in memory: its values in the order of their last sightings where that matters. */
export class MemoryEntity implements Sightings {
  firstSeen: number
  lastSeen: number
  events = 0
  days = 0
  /** Observed time of the store when it was first seen. */
  since: number
  readonly values = new Map<string, Sightings>()
  #lastDay = Number.NEGATIVE_INFINITY

  constructor(time: number, since: number) {
    this.firstSeen = time
    this.lastSeen = time
    this.since = since
  }

  see(time: number): void {
    touch(this, time)
    const today = Math.floor(time / day)
    if (today <= this.#lastDay) return
    this.#lastDay = today
    this.days++
  }
}

/** Once more at `time`; an earlier one than the last changes the count only. */
export function touch(seen: Sightings, time: number): void {
  seen.events++
  seen.lastSeen = Math.max(seen.lastSeen, time)
}

/** The earliest first and the latest last sighting, the greater count. */
export function merge(seen: Sightings, { firstSeen, lastSeen, events }: Seen): void {
  seen.firstSeen = Math.min(seen.firstSeen, firstSeen)
  seen.lastSeen = Math.max(seen.lastSeen, lastSeen)
  seen.events = Math.max(seen.events, events)
}

export function sightingsAt(time: number): Sightings {
  return { firstSeen: time, lastSeen: time, events: 0 }
}
