import { type Device } from './device.ts'
import { type Facts } from './facts.ts'
import { enough, type IdentityEvidence, likeness, ownNames } from './identity-score.ts'
import { Profile } from './profile.ts'
import { isLocallyAdministered } from './vendor.ts'

export interface Match {
  readonly profile: Profile
  readonly score: number
  readonly evidence: readonly IdentityEvidence[]
  /** Known devices that it might have been just as well; the one that was there last is taken. */
  readonly candidates: number
}

/** Devices that are found by one name or id; more of them say nothing any more. */
const sharedLimit = 16

/**
 * Finds the known device that a card with another MAC is of, by what it tells of itself. Every
 * device with facts is to be told by `learn`.
 */
export class Identities {
  /** Most keys are of one device: then it is no list. */
  readonly #byKey = new Map<string, Profile | readonly Profile[]>()
  /** To be learned, in this order: after a start there are many, and nobody asks for them at once. */
  readonly #waiting = new Set<Profile>()

  /** Whether there is anyone whom a newcomer could be. */
  get isEmpty(): boolean {
    while (this.#byKey.size === 0 && this.#waiting.size > 0) this.step(1)
    return this.#byKey.size === 0
  }

  /** The device was read from the disk: it is learned in one of the next steps. */
  restore(profile: Profile): void {
    this.#waiting.add(profile)
  }

  /** Learns up to `most` of those that were read. */
  step(most: number): void {
    let left = most
    for (const profile of this.#waiting) {
      if (left-- <= 0) return
      this.#waiting.delete(profile)
      this.#learn(profile)
    }
  }

  /** The device can be found by the names and ids that it has now, and by no others. */
  learn(profile: Profile): void {
    if (this.#waiting.size === 0) this.#learn(profile)
    else this.#waiting.add(profile)
  }

  /** It is found no longer. */
  forget(profile: Profile): void {
    this.#waiting.delete(profile)
    for (const key of profile.keys) this.#drop(key, profile)
    profile.keys = []
  }

  #learn(profile: Profile): void {
    const facts = profile.peek()
    const keys = facts === undefined ? [] : keysOf(facts)
    for (const key of profile.keys) if (!keys.includes(key)) this.#drop(key, profile)
    for (const key of keys) if (!profile.keys.includes(key)) this.#add(key, profile)
    profile.keys = keys
  }

  #add(key: string, profile: Profile): void {
    const known = this.#with(key)
    if (known.length === 0) this.#byKey.set(key, profile)
    else if (known.length < sharedLimit) this.#byKey.set(key, [...known, profile])
  }

  #drop(key: string, profile: Profile): void {
    const [first, ...rest] = this.#with(key).filter(one => one !== profile)
    if (first === undefined) this.#byKey.delete(key)
    else this.#byKey.set(key, rest.length === 0 ? first : [first, ...rest])
  }

  #with(key: string): readonly Profile[] {
    const known = this.#byKey.get(key) ?? []
    return known instanceof Profile ? [known] : known
  }

  /**
   * Whose new card this is. Not a device that has sent something since the card is there: two that
   * are there at once are two, whatever they are called.
   */
  find(device: Device): Match | undefined {
    const { facts } = device.profile
    if (facts === undefined) return undefined
    this.step(this.#waiting.size)
    const likely = [...this.#candidates(device, facts)].flatMap(profile => {
      const like = likeness(facts, profile.facts ?? facts)
      return isSame(device, like.evidence) && like.score >= enough ? [{ profile, ...like }] : []
    })
    const best = likely.toSorted(
      (a, b) => b.score - a.score || b.profile.lastSent - a.profile.lastSent,
    )[0]
    if (best === undefined) return undefined
    return { ...best, candidates: likely.filter(({ score }) => score === best.score).length }
  }

  #candidates(device: Device, facts: Facts): Set<Profile> {
    const found = new Set<Profile>()
    for (const key of keysOf(facts)) {
      for (const profile of this.#with(key)) {
        if (profile !== device.profile && isApart(profile, device)) found.add(profile)
      }
    }
    return found
  }
}

/** A name is borne by whoever wants it: a card with a MAC of its maker's is known by its id alone. */
function isSame(device: Device, evidence: readonly IdentityEvidence[]): boolean {
  if (isLocallyAdministered(device.high)) return true
  return evidence.includes('dhcp-client-id') || evidence.includes('dhcp-duid')
}

function isApart(profile: Profile, device: Device): boolean {
  return profile.cards.every(card => !card.self && card.lastSent < device.firstSeen)
}

function keysOf(facts: Facts): string[] {
  const keys = [...ownNames(facts).keys()].map(name => `n${name}`)
  if (facts.clientId !== undefined) keys.push(`c${facts.clientId}`)
  if (facts.duid !== undefined) keys.push(`d${facts.duid}`)
  return keys
}
