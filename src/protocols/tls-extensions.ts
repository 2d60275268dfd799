import { u16 } from './tls-bytes.ts'

/** Extension numbers that are read here (IANA "TLS ExtensionType Values"). */
export const extension = {
  serverName: 0,
  groups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  extendedMasterSecret: 23,
  sessionTicket: 35,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  keyShare: 51,
  quicParameters: 57,
  nextProtocolNegotiation: 13172,
  encryptedServerName: 0xffce,
  quicParametersDraft: 0xffa5,
  encryptedClientHello: 0xfe0d,
} as const

/** Longest list of extensions that is indexed; no real client sends a third of it. */
export const MAX_EXTENSIONS = 256

/**
 * Extensions of a hello in the order of the wire: RFC 8446 4.2, u16 type, u16 length, body.
 * Offsets count from the start of the hello's body.
 */
export class Extensions {
  readonly types: number[] = []
  readonly #at: number[] = []
  readonly #end: number[] = []
  /** The last one runs past the end of the bytes. */
  truncated = false
  /** There are more than are indexed. */
  excess = false

  /** Indexes [from, to) of `bytes`; `to` is where the block says it ends, perhaps past the end. */
  read(bytes: Uint8Array, from: number, to: number): void {
    const limit = Math.min(to, bytes.length)
    let at = from
    while (at + 4 <= limit) {
      if (this.types.length === MAX_EXTENSIONS) {
        this.excess = true
        return
      }
      const end = at + 4 + u16(bytes, at + 2)
      this.types.push(u16(bytes, at))
      this.#at.push(at + 4)
      this.#end.push(Math.min(end, limit))
      at = end
    }
    this.truncated = at > limit || to > bytes.length
  }

  has(type: number): boolean {
    return this.types.includes(type)
  }

  /** Where the first extension of this type begins and ends, or undefined. */
  find(type: number): readonly [from: number, to: number] | undefined {
    const index = this.types.indexOf(type)
    const from = this.#at[index]
    const to = this.#end[index]
    return from === undefined || to === undefined ? undefined : [from, to]
  }

  /** Like `find`, but behind a length of one or two bytes, within what that length says. */
  list(bytes: Uint8Array, type: number, prefix: 1 | 2): readonly [number, number] | undefined {
    const found = this.find(type)
    if (found === undefined || found[1] - found[0] < prefix) return undefined
    const from = found[0] + prefix
    const length = prefix === 1 ? (bytes[found[0]] ?? 0) : u16(bytes, found[0])
    return [from, Math.min(found[1], from + length)]
  }
}

const MAX_NAMES = 64

/** Protocol names of an ALPN body (RFC 7301 3.1): u16 list length, then u8 length and bytes. */
export function alpnNames(
  bytes: Buffer,
  list: readonly [number, number] | undefined,
  max = MAX_NAMES,
): string[] {
  const names: string[] = []
  if (list === undefined) return names
  let at = list[0]
  while (at < list[1] && names.length < max) {
    const end = at + 1 + (bytes[at] ?? 0)
    if (end > list[1]) break
    // Some values are GREASE and not text; Latin-1 keeps each byte.
    names.push(bytes.toString('latin1', at + 1, end))
    at = end
  }
  return names
}
