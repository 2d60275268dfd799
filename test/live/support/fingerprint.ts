import { createHash } from 'node:crypto'

/** What a ClientHello says, read apart from the sensor's decoders: an oracle for them. */
export interface Fingerprint {
  readonly sni: string | undefined
  readonly alpn: readonly string[]
  readonly ja3: string
  readonly ja4: string
}

/** JA3 (salesforce/ja3) and JA4 (FoxIO, technical_details/JA4.md) of a ClientHello message over TCP. */
export function fingerprint(hello: Buffer): Fingerprint {
  const session = 38 + 1 + hello.readUInt8(38) // behind type, length, version and random
  const suites = session + 2 + hello.readUInt16BE(session)
  const ciphers = words(hello.subarray(session + 2, suites)).filter(notGrease)
  const compression = suites + 1 + hello.readUInt8(suites)
  const extensions = extensionsOf(hello.subarray(compression + 2))
  const body = (type: number) => extensions.find(one => one.type === type)?.body
  const types = extensions.map(one => one.type).filter(notGrease)
  const groups = words(body(10)?.subarray(2)).filter(notGrease)
  const formats = [...(body(11)?.subarray(1) ?? [])]
  const lists = [ciphers, types, groups, formats].map(list => list.join('-'))
  const alpn = names(body(16)?.subarray(2))
  const versions = words(body(43)?.subarray(1)).filter(notGrease)
  const version = VERSIONS[Math.max(...versions, versions.length > 0 ? 0 : hello.readUInt16BE(4))]
  const sni = body(0)?.subarray(5).toString()
  const counts = [ciphers, types].map(list => String(Math.min(list.length, 99)).padStart(2, '0'))
  const edges = `${alpn[0]?.at(0) ?? '0'}${alpn[0]?.at(-1) ?? '0'}`
  const signatures = words(body(13)?.subarray(2)).filter(notGrease).map(hex)
  const sorted = types
    .filter(type => type !== 0 && type !== 16)
    .map(hex)
    .sort()
  const asked = [sorted.join(','), ...(signatures.length > 0 ? [signatures.join(',')] : [])]
  return {
    sni,
    alpn,
    ja3: digest('md5', [hello.readUInt16BE(4), ...lists].join(',')),
    ja4: [
      `t${version}${sni === undefined ? 'i' : 'd'}${counts.join('')}${edges}`,
      digest('sha256', ciphers.map(hex).sort().join(',')).slice(0, 12),
      digest('sha256', asked.join('_')).slice(0, 12),
    ].join('_'),
  }
}

const VERSIONS: Readonly<Record<number, string>> = {
  769: '10',
  770: '11',
  771: '12',
  772: '13',
}

function extensionsOf(bytes: Buffer): { readonly type: number; readonly body: Buffer }[] {
  const found = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    found.push({ type: bytes.readUInt16BE(at), body: bytes.subarray(at + 4, end) })
    at = end
  }
  return found
}

function words(bytes: Buffer = Buffer.alloc(0)): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readUInt16BE(2 * i))
}

function names(bytes: Buffer = Buffer.alloc(0)): string[] {
  const found = []
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt8(at)) {
    found.push(bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at)).toString())
  }
  return found
}

/** RFC 8701. */
function notGrease(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >> 8 !== (value & 0xff)
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0')
}

function digest(name: string, text: string): string {
  return createHash(name).update(text).digest('hex')
}
