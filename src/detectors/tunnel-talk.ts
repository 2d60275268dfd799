import { type Kept } from './bounded.ts'
import { type Distinct } from './distinct.ts'

/** What one client asked of one registrable domain. */
export interface Talk extends Kept {
  readonly client: string
  /** Whom long memory means by the client. */
  readonly device: string
  readonly domain: string
  readonly since: number
  readonly names: Distinct
  queries: number
  /** Characters and bits of the names below the domain, each name counted once. */
  characters: number
  bits: number
  /** Questions for types that carry data back: TXT, NULL and the like. */
  carriers: number
  /** Bytes that such questions were answered with. */
  answered: number
  /** Conversations with a host of the domain. */
  visits: number
  /** Whether visits are counted. */
  isSuspect: boolean
  longest: string
  /** Bytes of information at which it is told of again. */
  next: number
  /** Power of ten of what is too much that it has come to; -1 before. */
  level: number
  /** Since when (µs) the client has been known to ask as much, where it did so before today. */
  usual: number | undefined
}

/** What the names of a talk come to. */
export interface Amount {
  /** What the names can carry, or a share of what the answers did. */
  readonly bytes: number
  readonly carried: number
  readonly names: number
  /** Characters of a name below the domain. */
  readonly mean: number
}

/** Names after which a domain's visits are counted: fewer where they are long. */
const suspicious = 20
const suspiciousLong = { names: 5, bits: 100 }
const least = { names: 40, length: 10 }
/** Bytes of answers that weigh as much as one of names: texts of mail and of services are many. */
const inward = 25
/**
 * Few names that are long enough: nothing that is said by name has as much in each (bits), asked
 * next to once, as good as never visited. Types that carry data back need less in a name.
 */
const few = { names: 10, bits: 160, bytes: 250, repeats: 3 }
const fewCarriers = { names: 20, bits: 100, share: 0.8 }

/** Whether it is worth knowing that somebody visits the domain. */
export function isSuspicious(talk: Talk): boolean {
  return talk.names.size >= suspicious || isOfLongNames(talk)
}

/** Whether there are some names, and they are long. */
export function isOfLongNames({ names, bits }: Talk): boolean {
  return names.size >= suspiciousLong.names && bits >= suspiciousLong.bits * names.size
}

/** Whether there may be enough of it, at a glance. */
export function mayBeEnough(talk: Talk): boolean {
  const { size } = talk.names
  return size >= least.names || (size >= few.names && talk.bits >= fewCarriers.bits * size)
}

export function amountOf({ names, bits, answered, characters }: Talk): Amount {
  const { size } = names
  const carried = Math.round(bits / 8)
  // Names that only count up bring nothing out, but answers may bring much in.
  const bytes = Math.max(carried, Math.round(answered / inward))
  return { bytes, carried, names: size, mean: characters / size }
}

/** Whether so much of one domain is too much; `bytes` and `names` as the configuration has them. */
export function isEnough(
  talk: Talk,
  { bytes, carried, names, mean }: Amount,
  limits: { readonly bytes: number; readonly names: number },
): boolean {
  if (talk.visits > names / 20) return false
  if (names < least.names) return false
  const carries = bytes >= limits.bytes && (mean >= least.length || bytes > carried)
  return carries || names >= limits.names
}

/** Whether there are few, each of which carries so much that they are enough, of who is alone in asking so. */
export function isFewButLong({ names, bits, queries, carriers, visits }: Talk): boolean {
  const { size } = names
  if (visits > 0 || bits < 8 * few.bytes || queries > few.repeats * size) return false
  if (bits >= few.bits * size) return true
  return (
    size >= fewCarriers.names &&
    bits >= fewCarriers.bits * size &&
    carriers >= fewCarriers.share * queries
  )
}
