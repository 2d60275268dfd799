import { type Device } from './device.ts'
import { type ObservedClock } from './learning.ts'
import { type Profile } from './profile.ts'

/** A device whose silence is worth an event. */
export interface Watched {
  /** Id, MAC in any notation, hostname, or `tag:` and a tag. */
  readonly device: string
  /** µs. */
  readonly after: number
}

/** How long devices have been silent, in time that somebody watched; and who may not be. */
export class Silence {
  readonly #watched: ReadonlyMap<string, number>
  readonly #clock: ObservedClock
  readonly #shortest: number
  readonly #followed = new Map<Profile, number>()

  /** `returnedAfter`: µs after which a device that comes again has returned. */
  constructor(watched: readonly Watched[], returnedAfter: number, clock: ObservedClock) {
    this.#watched = new Map(watched.map(({ device, after }) => [normal(device), after]))
    this.#clock = clock
    this.#shortest = Math.min(returnedAfter, ...this.#watched.values())
  }

  /** µs; a shorter silence is nothing to anyone. */
  get shortest(): number {
    return this.#shortest
  }

  /** Looks whether the device is one of those that are watched, as it is called now. */
  follow(profile: Profile): void {
    if (this.#watched.size === 0) return
    const afters = handlesOf(profile).flatMap(handle => this.#watched.get(handle) ?? [])
    if (afters.length === 0) this.#followed.delete(profile)
    else this.#followed.set(profile, Math.min(...afters))
  }

  forget(profile: Profile): void {
    this.#followed.delete(profile)
  }

  /** µs in which the card was not seen until `time`; what nobody watched does not count. */
  of(device: Device, time: number): number {
    const { missed, lastGap } = this.#clock
    const unwatched = device.lastSeen >= lastGap ? 0 : Math.max(0, missed - device.missed)
    return time - device.lastSeen - unwatched
  }

  /** Of a device: that of the card that was seen last. */
  ofAll(profile: Profile, time: number): number {
    return profile.cards.reduce(
      (least, card) => Math.min(least, this.of(card, time)),
      Number.POSITIVE_INFINITY,
    )
  }

  /** µs of silence after which the device is told of; undefined when it is not watched. */
  limitOf(profile: Profile): number | undefined {
    return this.#followed.get(profile)
  }

  /** The devices that have fallen silent by `time` and were not told of. */
  fallen(time: number): Profile[] {
    return [...this.#followed]
      .filter(([profile, after]) => !profile.silent && this.ofAll(profile, time) >= after)
      .map(([profile]) => profile)
  }
}

function handlesOf(profile: Profile): string[] {
  const facts = profile.peek()
  return [
    profile.id,
    ...profile.cards.map(card => normal(card.mac)),
    ...profile.hostnames.flatMap(name => [normal(name), normal(name.split('.')[0] ?? '')]),
    ...(facts?.tags ?? []).map(tag => `tag:${normal(tag)}`),
  ]
}

/** MACs in one notation, all else in lower case. */
function normal(handle: string): string {
  const text = handle.trim().toLowerCase()
  return /^[0-9a-f]{2}([-:][0-9a-f]{2}){5}$/.test(text) ? text.replaceAll(':', '-') : text
}
