import { type QuicVersion, quicVersion } from './quic-versions.ts'
import { u16, u32 } from './tls-bytes.ts'

/** Kind of a packet with a long header. */
export type QuicPacketKind = 'initial' | '0-rtt' | 'handshake' | 'retry' | 'negotiation'

/** A packet with a long header (RFC 9000 17.2); offsets count from the start of the datagram. */
export interface QuicPacket {
  readonly kind: QuicPacketKind
  readonly version: number
  readonly protection: QuicVersion
  /** Where its first byte stands. */
  readonly start: number
  readonly dcid: Uint8Array
  readonly scid: Uint8Array
  /** Where the protected packet number stands. */
  readonly numberAt: number
  /** Where the packet ends, after which another may follow. */
  readonly end: number
  /** The datagram is shorter than the packet says. */
  readonly cut: boolean
}

// RFC 9000 17.2: long enough for versions 1 and 2; others may allow 255.
const MAX_CONNECTION_ID = 20
const kinds = ['initial', '0-rtt', 'handshake', 'retry'] as const

/**
 * Reads the long header at `start`: u8 flags, u32 version, u8 + destination connection id,
 * u8 + source connection id; an Initial goes on with varint + token, then varint length, packet
 * number and payload. Undefined: a short header, or no QUIC.
 */
export function readPacket(bytes: Uint8Array, start: number): QuicPacket | undefined {
  const flags = bytes[start] ?? 0
  const dcidAt = start + 6
  const dcidEnd = dcidAt + (bytes[start + 5] ?? 0)
  const scidAt = dcidEnd + 1
  const scidEnd = scidAt + (bytes[dcidEnd] ?? 0)
  const fits = scidEnd <= bytes.length && (flags & 0x80) !== 0
  const short = dcidEnd - dcidAt <= MAX_CONNECTION_ID && scidEnd - scidAt <= MAX_CONNECTION_ID
  if (!fits || !short) return undefined
  const version = u32(bytes, start + 1)
  const protection = quicVersion(version)
  const kind = kindOf(flags, version, protection)
  // These two have no length and fill the datagram.
  const whole = kind === 'retry' || kind === 'negotiation'
  const lengthAt = kind === 'initial' ? skipToken(bytes, scidEnd) : scidEnd
  const numberAt = whole ? scidEnd : lengthAt + varintSize(bytes, lengthAt)
  const end = whole ? bytes.length : numberAt + varint(bytes, lengthAt)
  if (numberAt > bytes.length) return undefined
  return {
    kind,
    version,
    protection,
    start,
    dcid: bytes.subarray(dcidAt, dcidEnd),
    scid: bytes.subarray(scidAt, scidEnd),
    numberAt,
    end: Math.min(end, bytes.length),
    cut: end > bytes.length,
  }
}

function kindOf(flags: number, version: number, { moved }: QuicVersion): QuicPacketKind {
  if (version === 0) return 'negotiation'
  const type = ((flags >> 4) - (moved ? 1 : 0)) & 3
  return kinds[type] ?? 'handshake'
}

function skipToken(bytes: Uint8Array, at: number): number {
  return at + varintSize(bytes, at) + varint(bytes, at)
}

/** Bytes of the variable-length integer at `at` (RFC 9000 16). */
export function varintSize(bytes: Uint8Array, at: number): number {
  return 1 << ((bytes[at] ?? 0) >> 6)
}

/** Its value; beyond 2^53 only roughly, which is beyond every length here anyway. */
export function varint(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x40) return first
  if (first < 0x80) return u16(bytes, at) & 0x3fff
  const high = u32(bytes, at) % 0x40000000
  return first < 0xc0 ? high : high * 0x1_0000_0000 + u32(bytes, at + 4)
}

const MAX_VERSIONS = 32

/** Versions that a Version Negotiation packet offers (RFC 9000 17.2.1), as for people. */
export function offeredVersions(bytes: Uint8Array, packet: QuicPacket): readonly string[] {
  const names: string[] = []
  for (let at = packet.numberAt; at + 4 <= packet.end && names.length < MAX_VERSIONS; at += 4) {
    const version = u32(bytes, at)
    // 0x?a?a?a?a exercises negotiation and means nothing.
    if ((version & 0x0f0f0f0f) !== 0x0a0a0a0a) names.push(quicVersion(version).name)
  }
  return names
}
