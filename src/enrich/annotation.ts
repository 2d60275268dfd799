import { SensorError } from '../errors.ts'
import { type Device } from './device.ts'
import { addText, type Facts, factLimits, textLimit } from './facts.ts'
import { type Profile } from './profile.ts'

/** What an operator writes to a device. */
export interface Annotation {
  readonly tags?: readonly string[]
  readonly untag?: readonly string[]
  /** '' takes the note away. */
  readonly note?: string
}

const tagText = /^[\p{L}\p{N}][\p{L}\p{N}._:-]{0,63}$/u

/** Writes it. Throws USAGE for a tag that is none, or one too many. */
export function annotate(facts: Facts, { tags = [], untag = [], note }: Annotation): void {
  for (const tag of tags) {
    if (!tagText.test(tag)) {
      throw new SensorError('USAGE', `\`${tag}\` is no tag; use letters, digits and . _ : -`)
    }
  }
  facts.tags = facts.tags.filter(tag => !untag.includes(tag))
  const more = tags.filter(tag => !facts.tags.includes(tag)).length
  if (facts.tags.length + more > factLimits.tags) {
    throw new SensorError(
      'USAGE',
      `a device has at most ${factLimits.tags} tags; take one off first`,
    )
  }
  for (const tag of tags) addText(facts.tags, tag, factLimits.tags)
  if (note !== undefined) facts.note = note === '' ? undefined : note.slice(0, textLimit)
}

/**
 * The one device with this id (or the start of it), MAC, address or name. Throws USAGE when there is
 * none or more than one.
 */
export function oneDevice(cards: Iterable<Device>, handle: string): Profile {
  const found = new Set<Profile>()
  for (const card of cards) if (isCalled(card, handle)) found.add(card.profile)
  const [profile] = found
  if (profile === undefined) {
    throw new SensorError('USAGE', `no device is called \`${handle}\`; see \`orthrus devices\``)
  }
  if (found.size > 1) {
    const ids = [...found].slice(0, 5).map(({ id }) => id)
    throw new SensorError(
      'USAGE',
      `\`${handle}\` is ${found.size} devices; give the id of one: ${ids.join(', ')}`,
    )
  }
  return profile
}

function isCalled({ profile, mac, ips }: Device, handle: string): boolean {
  const text = handle.toLowerCase()
  if (text.length >= 4 && profile.id.startsWith(text)) return true
  if (mac.toLowerCase() === text.replaceAll(':', '-')) return true
  return ips.includes(text) || profile.hostnames.some(name => name.toLowerCase() === text)
}
