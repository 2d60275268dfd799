import { type Facts } from './facts.ts'

/** What says that two cards are of one device, in the words of `orthrus.device.identity.evidence`. */
export type IdentityEvidence =
  | 'dhcp-client-id'
  | 'dhcp-duid'
  | 'hostname'
  | 'second-name'
  | 'dhcp-fingerprint'
  | 'dhcp-vendor-class'
  | 'ja4'

export interface Likeness {
  /** 0 to 1. */
  readonly score: number
  readonly evidence: readonly IdentityEvidence[]
}

/** From this score on two cards are taken for one device. */
export const enough = 0.7
/** An id that a device made up for itself once is proof alone, as far as anything is. */
const ids = { same: 1, other: -1 } as const
const weights = {
  hostname: 0.45,
  'second-name': 0.2,
  'dhcp-fingerprint': 0.3,
  'dhcp-vendor-class': 0.1,
  ja4: 0.15,
} as const
/** What contradicts counts as much as what agrees. */
const penalties = { 'dhcp-fingerprint': 0.3, 'dhcp-vendor-class': 0.2 } as const

/**
 * How much speaks for two sets of facts being of one device. A name that it gave itself and the
 * options in which its DHCP client asks are together enough, one of them alone is not; an id is.
 */
export function likeness(one: Facts, other: Facts): Likeness {
  const evidence: IdentityEvidence[] = []
  let score = 0
  score += compareIds(one.clientId, other.clientId, 'dhcp-client-id', evidence)
  score += compareIds(one.duid, other.duid, 'dhcp-duid', evidence)
  score += compareNames(one, other, evidence)
  score += compareTexts(one.fingerprint, other.fingerprint, 'dhcp-fingerprint', evidence)
  score += compareTexts(one.vendorClass, other.vendorClass, 'dhcp-vendor-class', evidence)
  score += compareJa4(one.ja4, other.ja4, evidence)
  return { score: Math.round(Math.min(1, Math.max(0, score)) * 100) / 100, evidence }
}

function compareIds(
  one: string | undefined,
  other: string | undefined,
  name: IdentityEvidence,
  evidence: IdentityEvidence[],
): number {
  if (one === undefined || other === undefined) return 0
  if (one !== other) return ids.other
  evidence.push(name)
  return ids.same
}

function compareTexts(
  one: string | undefined,
  other: string | undefined,
  name: keyof typeof penalties,
  evidence: IdentityEvidence[],
): number {
  if (one === undefined || other === undefined) return 0
  if (one !== other) return -penalties[name]
  evidence.push(name)
  return weights[name]
}

function compareNames(one: Facts, other: Facts, evidence: IdentityEvidence[]): number {
  const [mine, theirs] = [ownNames(one), ownNames(other)]
  const same = [...mine].filter(([name]) => theirs.has(name))
  if (same.length === 0) return 0
  evidence.push('hostname')
  // The same name told in two ways, or a second name, is a little more.
  const ways = same.filter(([name, count]) => count > 1 && (theirs.get(name) ?? 0) > 1).length
  if (same.length + ways < 2) return weights.hostname
  evidence.push('second-name')
  return weights.hostname + weights['second-name']
}

function compareJa4(
  one: readonly string[],
  other: readonly string[],
  evidence: IdentityEvidence[],
): number {
  const shared = one.filter(fingerprint => other.includes(fingerprint)).length
  if (shared === 0 || shared * 2 < Math.min(one.length, other.length)) return 0
  evidence.push('ja4')
  return weights.ja4
}

/** Names that say who it is, as `personalName` has them, and by how many ways each was told. */
export function ownNames({ names }: Facts): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { name } of names) {
    const own = personalName(name)
    if (own !== undefined) found.set(own, (found.get(own) ?? 0) + 1)
  }
  return found
}

/** What makers call all of their devices, with a number at most. */
const common =
  /^(?:i-?phone|i-?pad|i-?pod|mac|imac|macbook(?:-?(?:air|pro))?|apple-?tv|watch|android|galaxy[a-z0-9-]{0,8}|pixel[a-z0-9-]{0,8}|phone|tablet|localhost|host|unknown|user|pc|desktop|laptop|computer|windows|linux|ubuntu|debian|fedora|raspberrypi|kali|esp|espressif|printer|camera|ipcam|tv|wlan0|none|null|test|dhcp|client|device)(?:[-_ ]?\d{0,3})$/

/**
 * The first label of a name in lower case, when it may tell a device from others: `anna-pixel-8` may,
 * `iphone` or `android` may not, and `iphone-2` is what a second one is called.
 */
export function personalName(name: string): string | undefined {
  const label = name.trim().toLowerCase().replace(/\..*$/s, '')
  if (label.length < 3 || common.test(label)) return undefined
  return label
}
