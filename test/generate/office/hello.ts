import { concat, noise, u8, u16 } from '../bytes.ts'
import {
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  type ClientHelloOptions,
  clientHello,
  extension,
  HANDSHAKE,
  handshake,
  type ServerHelloOptions,
  serverFlight,
  serverHello,
  tlsRecords,
} from '../tls.ts'
import { type CertificateOptions } from '../x509.ts'
import { bulk, type Payload, payload } from './payload.ts'

const GREASE = 0x2a2a
const PQ = 0x11ec
const WEB = ['h2', 'http/1.1']
const CHROME = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c,
  0x9d, 0x2f, 0x35,
]
const FIREFOX = [
  0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013,
  0xc014, 0x9c, 0x9d, 0x2f, 0x35,
]
const APPLE = [
  0x1301, 0x1302, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8, 0xc00a, 0xc009, 0xc014,
  0xc013, 0x9d, 0x9c, 0x35, 0x2f,
]
const SCHANNEL = [
  0x1302, 0x1301, 0xc02c, 0xc02b, 0xc030, 0xc02f, 0x9f, 0x9e, 0xc024, 0xc023, 0xc028, 0xc027,
  0xc00a, 0xc009, 0xc014, 0xc013, 0x9d, 0x9c, 0x3d, 0x3c, 0x35, 0x2f,
]
const OPENSSL = [
  0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x9f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x9e,
  0xc024, 0xc028, 0x6b, 0xc023, 0xc027, 0x67, 0xc00a, 0xc014, 0x39, 0xc009, 0xc013, 0x33, 0x9d,
  0x9c, 0x3d, 0x3c, 0x35, 0x2f, 0xff,
]
const EMBEDDED = [0xc02f, 0xc030, 0xc027, 0x9c, 0x9d, 0x2f, 0x35]

const pq: ClientHelloOptions['keyShares'] = [
  [GREASE, 1],
  [PQ, 1216],
  [29, 32],
]

/** How the programs of the office open TLS. */
const shapes = {
  chrome: { ciphers: CHROME, alpn: WEB, grease: true, keyShares: pq, ech: 282 },
  firefox: {
    ciphers: FIREFOX,
    alpn: WEB,
    groups: [PQ, 29, 23, 24, 25, 256, 257],
    keyShares: [
      [PQ, 1216],
      [29, 32],
      [23, 65],
    ],
    ech: 282,
    more: [extension(28, u16(0x4001)), extension(34, u16(8, 0x0403, 0x0503, 0x0603, 0x0203))],
  },
  safari: {
    ciphers: APPLE,
    alpn: WEB,
    grease: true,
    versions: [0x0304, 0x0303, 0x0302, 0x0301],
    groups: [29, 23, 24, 25],
    more: [extension(18, u8()), extension(27, u8(2, 0, 1))],
  },
  apple: { ciphers: APPLE, alpn: WEB, groups: [29, 23, 24, 25], more: [extension(18, u8())] },
  'apple-push': { ciphers: APPLE.slice(0, 9), alpn: ['apns-security-v3'], groups: [29, 23] },
  schannel: { ciphers: SCHANNEL, alpn: WEB, groups: [29, 23, 24], more: [extension(35, u8())] },
  'schannel-mail': { ciphers: SCHANNEL, groups: [29, 23, 24], more: [extension(35, u8())] },
  defender: { ciphers: SCHANNEL.slice(2), versions: [], groups: [29, 23, 24] },
  android: { ciphers: CHROME, alpn: WEB, more: [extension(35, u8())] },
  'android-push': { ciphers: CHROME, versions: [0x0304, 0x0303], more: [extension(35, u8())] },
  openssl: { ciphers: OPENSSL, groups: [29, 23, 30, 25, 24], more: [extension(22, u8())] },
  curl: { ciphers: OPENSSL, alpn: WEB, groups: [29, 23, 30, 25, 24], more: [extension(22, u8())] },
  python: { ciphers: OPENSSL.slice(0, 18), alpn: ['http/1.1'], groups: [29, 23, 30, 25, 24] },
  go: { ciphers: FIREFOX.slice(0, 13), alpn: WEB, more: [extension(18, u8())] },
  tv: { ciphers: EMBEDDED, versions: [], groups: [23, 24], alpn: ['http/1.1'] },
  camera: { ciphers: EMBEDDED.slice(0, 4), versions: [], groups: [23] },
  implant: { ciphers: [0x1301, 0xc02f, 0xc013, 0x2f, 0x0a], groups: [23, 29], session: 0 },
  old: { ciphers: [0xc014, 0xc013, 0x35, 0x2f, 0x0a], versions: [], legacyVersion: 0x0301 },
} satisfies Record<string, ClientHelloOptions>

export type Shape = keyof typeof shapes

const hellos = new Map<string, Payload>()
/** Behind record header, message header, version; two bytes of it stay, for the sum's sake. */
const RANDOM = { at: 12, size: 28 }

/** A ClientHello of a kind of program in its record, with a random of its own each time. */
export function hello(shape: Shape, sni?: string): Payload {
  const key = `${shape} ${sni ?? ''}`
  const known = hellos.get(key)
  if (known !== undefined) return known
  const made = payload(tlsRecords(helloMessage(shape, sni)), RANDOM)
  hellos.set(key, made)
  return made
}

/** The message alone, as QUIC carries it. */
export function helloMessage(shape: Shape, sni?: string): Uint8Array {
  const options: ClientHelloOptions = shapes[shape]
  return clientHello({ ...options, ...(sni !== undefined && { sni }) })
}

/** What a TLS server says: the version, and up to 1.2 its certificates in clear. */
export interface TlsServer {
  readonly version: '1.3' | '1.2' | '1.0'
  readonly chain?: readonly CertificateOptions[]
  readonly cipher?: number
}

const flights = new Map<string, Payload>()
const serverRecord = { type: HANDSHAKE, version: 0x0303 }

/** The server's first flight. */
export function flight(server: TlsServer, size: number): Payload {
  const { version, cipher, chain } = server
  const key = JSON.stringify([version, cipher, chain, version === '1.3' ? size : 0])
  const known = flights.get(key)
  if (known !== undefined) return known
  const made = payload(server.version === '1.3' ? hidden(server, size) : open(server), RANDOM)
  flights.set(key, made)
  return made
}

function hidden(server: TlsServer, size: number): Uint8Array {
  const options = { cipher: server.cipher ?? 0x1301, version: 0x0304 }
  return concat(
    tlsRecords(serverHello(options), serverRecord),
    CCS,
    tlsRecords(noise(size, size), { type: APPLICATION_DATA, version: 0x0303 }),
  )
}

function open({ version, chain, cipher }: TlsServer): Uint8Array {
  const old = version === '1.0'
  const options: ServerHelloOptions = {
    cipher: cipher ?? (old ? 0xc014 : 0xc02f),
    ...(old && { legacyVersion: 0x0301 }),
  }
  return serverFlight({ ...options, ...(chain && { chain }) })
}

const CCS = tlsRecords(u8(1), { type: CHANGE_CIPHER_SPEC, version: 0x0303 })
const sealed = (size: number) => ({ type: HANDSHAKE, version: 0x0303, size })

function finished(): Uint8Array {
  const { type, version, size } = sealed(40)
  return tlsRecords(noise(size, 17), { type, version })
}

const clientEnd = {
  '1.3': payload(
    concat(CCS, tlsRecords(noise(53, 18), { type: APPLICATION_DATA, version: 0x0303 })),
  ),
  '1.2': payload(
    concat(
      tlsRecords(handshake(16, concat(u8(32), noise(32, 19))), { version: 0x0303 }),
      CCS,
      finished(),
    ),
  ),
}
const serverEnd = payload(concat(CCS, finished()))

/** How the client ends its handshake. */
export function clientFinish(server: TlsServer): Payload {
  return clientEnd[server.version === '1.3' ? '1.3' : '1.2']
}

/** How the server of TLS 1.2 ends it; undefined for 1.3. */
export function serverFinish(server: TlsServer): Payload | undefined {
  return server.version === '1.3' ? undefined : serverEnd
}

const RECORD = u8(APPLICATION_DATA, 3, 3)
const NOISE = noise(4096, 99)

/** Bytes that look random, quickly: few kinds for each length. */
export function someNoise(length: number, kind: number): Uint8Array {
  const at = (kind * 61) % (NOISE.length - length)
  return NOISE.subarray(at, at + length)
}

/** Encrypted data of `size` bytes, a record each 16 KiB; only the first header is written. */
export function sealedData(size: number): Payload {
  const record = Math.min(size, 16384)
  return bulk(size + 5, concat(RECORD, u16(record), someNoise(40, size)))
}
