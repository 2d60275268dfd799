import { type Ja4Transport } from './ja4.ts'

/** How the Initial packets of a QUIC version are protected, and how it numbers packet types. */
export interface QuicVersion {
  /** For people: `1`, `2`, `draft-29`, `Q050`, `mvfst-2`, `0x1a2a3a4a`. */
  readonly name: string
  /** Salts to try, the likeliest first (RFC 9001 5.2). */
  readonly salts: readonly Buffer[]
  /** Prefix of the HKDF labels. */
  readonly label: 'quic' | 'quicv2'
  /** RFC 9369 3.2: the packet types are moved by one. */
  readonly moved: boolean
}

/** Every hello of QUIC is fingerprinted as such. */
export const QUIC: Ja4Transport = 'q'

const SALT_V1 = salt('38762cf7f55934b34d179ae6a4c80cadccbb7f0a')
const SALT_V2 = salt('0dede3def700a6db819381be6e269dcbf9bd2ed9')
const SALT_V2_DRAFT = salt('a707c203a59b47184a1d62ca570406ea7ae3e5d3')
const SALT_29 = salt('afbfec289993d24c9e9786f19c6111e04390a899')
const SALT_23 = salt('c3eef712c72ebb5a11a7d2432bb46365bef9f502')
const SALT_22 = salt('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a')
const SALT_Q050 = salt('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45')
const SALT_T050 = salt('7ff579e5acd072915580304c43a2367c60488310')
const SALT_T051 = salt('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d')

function salt(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

const known: ReadonlyMap<number, QuicVersion> = new Map([
  [0x00000001, { name: '1', salts: [SALT_V1], label: 'quic', moved: false }],
  [0x6b3343cf, { name: '2', salts: [SALT_V2], label: 'quicv2', moved: true }],
  [0x709a50c4, { name: '2-draft', salts: [SALT_V2_DRAFT], label: 'quicv2', moved: true }],
  [0x51303530, { name: 'Q050', salts: [SALT_Q050], label: 'quic', moved: false }],
  [0x54303530, { name: 'T050', salts: [SALT_T050], label: 'quic', moved: false }],
  [0x54303531, { name: 'T051', salts: [SALT_T051], label: 'quic', moved: false }],
])

/**
 * The version's facts. Versions that nobody registered get what most private ones are made of
 * (v1, then draft 29): whether that was right shows when a packet decrypts, which cannot happen by
 * chance.
 */
export function quicVersion(version: number): QuicVersion {
  return known.get(version) ?? draft(version) ?? facebook(version) ?? unknown(version)
}

/** ff0000NN: the drafts of the IETF; their salt changed in 23, 29 and 33. */
function draft(version: number): QuicVersion | undefined {
  if (version >>> 8 !== 0xff0000) return undefined
  const number = version & 0xff
  const modern = number >= 33 ? SALT_V1 : SALT_29
  const older = number >= 23 ? SALT_23 : SALT_22
  return plain(`draft-${number}`, [number >= 29 ? modern : older])
}

/** faceb0NN: Facebook's mvfst has used several salts under the same numbers. */
function facebook(version: number): QuicVersion | undefined {
  if (version >>> 8 !== 0xfaceb0) return undefined
  return plain(`mvfst-${version & 0xff}`, [SALT_23, SALT_V1, SALT_22])
}

function unknown(version: number): QuicVersion {
  return plain(`0x${version.toString(16).padStart(8, '0')}`, [SALT_V1, SALT_29])
}

function plain(name: string, salts: readonly Buffer[]): QuicVersion {
  return { name, salts, label: 'quic', moved: false }
}

/** Whether the number could be a version somebody speaks: guards against other UDP protocols. */
export function isPlausibleVersion(version: number): boolean {
  if (known.has(version)) return true
  const family = version >>> 8
  // Drafts, Facebook, MsQuic, and the reserved pattern 0x?a?a?a?a that provokes negotiation.
  if (family === 0xff0000 || family === 0xfaceb0 || family === 0xabcd00) return true
  return (version & 0x0f0f0f0f) === 0x0a0a0a0a || family === 0x504351
}
