import { createCipheriv } from 'node:crypto'
import { InitialSecret } from '../../src/protocols/quic-crypto.ts'
import { quicVersion } from '../../src/protocols/quic-versions.ts'
import { concat, fill, u8, u16, u32 } from '../generate/bytes.ts'

/** What an Initial packet is made of. */
export interface InitialOptions {
  readonly version?: number
  readonly side?: 'client' | 'server'
  /** Connection id that the keys come from; the destination id unless given. */
  readonly original?: Uint8Array
  readonly dcid?: Uint8Array
  readonly scid?: Uint8Array
  readonly token?: Uint8Array
  readonly number?: number
  readonly frames: Uint8Array
  /** Payload is padded to this many bytes. */
  readonly pad?: number
}

export const DCID = Buffer.from('8394c8f03e515708', 'hex')

/** A variable-length integer in as many bytes as it needs (RFC 9000 16). */
export function varint(value: number): Uint8Array {
  if (value < 0x40) return u8(value)
  return value < 0x4000 ? u16(value | 0x4000) : u32(value + 0x80000000)
}

export function crypto(offset: number, data: Uint8Array, type = 6): Uint8Array {
  return concat(u8(type), varint(offset), varint(data.length), data)
}

/** An Initial packet, protected as RFC 9001 5.3 and 5.4 say. */
export function initial(options: InitialOptions): Uint8Array {
  const { version = 1, side = 'client', dcid = DCID, scid = u8(), token = u8() } = options
  const { salts, label, moved } = quicVersion(version)
  const secret = new InitialSecret(salts[0] ?? u8(), options.original ?? dcid, label)
  const { key, iv, headerKey } = secret[side]
  const number = options.number ?? 0
  const padding = Math.max(0, (options.pad ?? 40) - options.frames.length)
  const payload = concat(options.frames, fill(padding))
  const ids = concat(u8(dcid.length), dcid, u8(scid.length), scid)
  const start = concat(u8((moved ? 0xd0 : 0xc0) | 1), u32(version), ids)
  const length = u16((payload.length + 2 + 16) | 0x4000)
  const header = Buffer.from(concat(start, varint(token.length), token, length, u16(number)))
  const nonce = Buffer.from(iv)
  nonce.writeUInt16BE(nonce.readUInt16BE(10) ^ number, 10)
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(header)
  const sealed = concat(cipher.update(payload), cipher.final(), cipher.getAuthTag())
  const mask = createCipheriv('aes-128-ecb', headerKey, null).update(sealed.subarray(2, 18))
  header[0] = (header[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f)
  const at = header.length - 2
  header.writeUInt16BE(header.readUInt16BE(at) ^ mask.readUInt16BE(1), at)
  return concat(header, sealed)
}

/** A Retry packet with any integrity tag. */
export function retry(scid: Uint8Array, version = 1): Uint8Array {
  const moved = quicVersion(version).moved
  const ids = concat(u8(0), u8(scid.length), scid)
  return concat(u8(moved ? 0xc0 : 0xf0), u32(version), ids, Buffer.from('token'), fill(16, 7))
}

/** A Version Negotiation packet. */
export function negotiation(...versions: number[]): Uint8Array {
  return concat(u8(0x80), u32(0), u8(0), u8(DCID.length), DCID, u32(...versions))
}
