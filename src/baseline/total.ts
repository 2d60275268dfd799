import { type Sightings, touch } from './memory-entity.ts'

const day = 86_400_000_000

/** All sightings of a baseline together. Times in µs. */
export class Total implements Sightings {
  firstSeen = Number.POSITIVE_INFINITY
  lastSeen = Number.NEGATIVE_INFINITY
  events = 0
  days = 0
  lastDay = Number.NEGATIVE_INFINITY
  /** Observed time of the store when the baseline began. */
  since: number

  constructor(since: number) {
    this.since = since
  }

  see(time: number): void {
    this.firstSeen = Math.min(this.firstSeen, time)
    touch(this, time)
    const today = Math.floor(time / day)
    if (today <= this.lastDay) return
    this.lastDay = today
    this.days++
  }
}
