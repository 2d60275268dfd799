import { concat, hex, noise, raw, u8, u16 } from './bytes.ts'

/** What a made-up certificate says; key and signature are noise. */
export interface CertificateOptions {
  readonly subject: string
  readonly organization?: string
  readonly issuer?: string
  readonly names?: readonly string[]
  readonly serial?: number
  /** UTCTime, e.g. 240101000000Z. */
  readonly notBefore?: string
  readonly notAfter?: string
}

/** DER bytes of an X.509 v3 certificate (RFC 5280 4.1). */
export function certificate(options: CertificateOptions): Uint8Array {
  const { subject, organization, issuer = 'Example CA', names = [] } = options
  const algorithm = sequence(oid('2a864886f70d01010b'), der(0x05, u8()))
  const key = sequence(
    sequence(oid('2a864886f70d010101'), der(0x05, u8())),
    der(0x03, concat(u8(0), sequence(integer(noise(257, 2)), integer(u8(1, 0, 1))))),
  )
  const body = sequence(
    der(0xa0, integer(u8(2))),
    integer(u16(options.serial ?? 0x1001)),
    algorithm,
    distinguished(issuer),
    sequence(
      der(0x17, raw(options.notBefore ?? '240101000000Z')),
      der(0x17, raw(options.notAfter ?? '340101000000Z')),
    ),
    distinguished(subject, organization),
    key,
    ...(names.length > 0 ? [der(0xa3, sequence(alternativeNames(names)))] : []),
  )
  return sequence(body, algorithm, der(0x03, concat(u8(0), noise(256, 3))))
}

function distinguished(common: string, organization?: string): Uint8Array {
  const attribute = (id: string, text: string) => der(0x31, sequence(oid(id), der(0x0c, raw(text))))
  return sequence(
    ...(organization ? [attribute('55040a', organization)] : []),
    attribute('550403', common),
  )
}

function alternativeNames(names: readonly string[]): Uint8Array {
  const list = sequence(...names.map(name => der(0x82, raw(name))))
  return sequence(oid('551d11'), der(0x04, list))
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, concat(...parts))
}

function oid(digits: string): Uint8Array {
  return der(0x06, hex(digits))
}

function integer(bytes: Uint8Array): Uint8Array {
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? concat(u8(0), bytes) : bytes)
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  if (length < 0x80) return concat(u8(tag, length), content)
  if (length < 0x100) return concat(u8(tag, 0x81, length), content)
  return concat(u8(tag, 0x82), u16(length), content)
}
