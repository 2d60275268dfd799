import { MAX_LISTED } from '../src/protocols/ja3.ts'
import { QuicAssembler } from '../src/protocols/quic.ts'
import { decodeTls } from '../src/protocols/tls.ts'
import { tlsFields } from '../src/protocols/tls-fields.ts'
import { CertificateCache, decodeCertificate } from '../src/protocols/x509.ts'
import { concat, noise, u8, u16 } from '../test/generate/bytes.ts'
import {
  clientHello,
  extension,
  postQuantumHello,
  serverFlight,
  tlsRecords,
} from '../test/generate/tls.ts'
import { crypto, initial } from '../test/protocols/quic-build.ts'
import { clientV1 } from '../test/protocols/quic-vectors.ts'

/**
 * TLS, QUIC and certificates: ns a typical message with the fields that detectors read, beside the
 * target; then the worst message we know, whose cost must stay within twenty times that.
 */

// Short runs, of which the best counts: a busy machine leaves some of them alone.
const rounds = 200
const most = 20
let sink = 0

function measure(
  messages: readonly Uint8Array[],
  run: (bytes: Uint8Array) => number,
  times: number,
) {
  const best = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < times; i++) {
      const bytes = messages[i % messages.length]
      if (bytes !== undefined) sink += run(bytes)
    }
    return Number(process.hrtime.bigint() - start) / times
  })
  return Math.min(...best)
}

function report(
  name: string,
  target: number | undefined,
  typical: readonly Uint8Array[],
  hostile: Readonly<Record<string, Uint8Array>>,
  run: (bytes: Uint8Array) => number,
): void {
  measure(typical, run, 100)
  const usual = measure(typical, run, 100)
  const costs = Object.entries(hostile).map(([kind, bytes]) => ({
    kind,
    ns: measure([bytes], run, 5),
  }))
  const worst = costs.sort((a, b) => b.ns - a.ns)[0]
  const verdict =
    target === undefined ? '' : ` target ${target} ns: ${usual <= target ? 'met' : 'missed'};`
  const ratio = (worst?.ns ?? 0) / usual
  console.log(
    `${name.padEnd(30)} ${usual.toFixed(0).padStart(6)} ns;${verdict} hostile (${worst?.kind}) ` +
      `${worst?.ns.toFixed(0)} ns, ${ratio.toFixed(1)}x ${ratio <= most ? 'met' : 'missed'}`,
  )
}

// The suites and extensions of Chrome; 100 hellos that differ in name and order.
const ciphers = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
  0x009d, 0x002f, 0x0035,
]
const more = [0x001b, 0x4469, 0x0012, 0x0023, 0xff01].map(type => extension(type, u8(0)))
const chrome = Array.from({ length: 100 }, (_, index) => {
  const rotated = [...more.slice(index % 5), ...more.slice(0, index % 5)]
  const options = {
    sni: `host${index}.example.com`,
    alpn: ['h2', 'http/1.1'],
    grease: true,
    ciphers,
  }
  return tlsRecords(clientHello({ ...options, more: rotated }))
})
const postQuantum = Array.from({ length: 100 }, (_, index) =>
  tlsRecords(postQuantumHello(`host${index}.example.com`, { ciphers, more })),
)

const sequence = (length: number) => Array.from({ length }, (_, i) => (i * 40_503) & 0xfffe)
const extensions = (count: number) => sequence(count).map(type => extension(type, u8()))
const bytewise = (message: Uint8Array) =>
  tlsRecords(message, { cuts: Array.from(message, (_, index) => index) })
const hostileHellos = {
  'most suites': tlsRecords(clientHello({ ciphers: sequence(MAX_LISTED) })),
  'too many suites': tlsRecords(clientHello({ ciphers: sequence(30_000) })),
  'most extensions': tlsRecords(clientHello({ more: extensions(240) })),
  'too many extensions': tlsRecords(clientHello({ more: extensions(12_000) })),
  'all lists long': tlsRecords(
    clientHello({
      ciphers: sequence(MAX_LISTED),
      groups: sequence(MAX_LISTED),
      signatures: sequence(MAX_LISTED),
      more: extensions(240),
    }),
  ),
  'a record a byte': bytewise(clientHello({ sni: 'slow.example' })),
  'empty records': concat(
    ...Array.from({ length: 800 }, () => u8(22, 3, 1, 0, 0)),
    chrome[0] ?? u8(),
  ),
}

function helloRun(bytes: Uint8Array): number {
  const hello = decodeTls(bytes)?.hello
  return (hello?.serverName?.length ?? 0) + (hello?.ja3?.length ?? 0) + (hello?.ja4?.length ?? 0)
}

report('ClientHello, JA3 + JA4', 4000, chrome, hostileHellos, helloRun)
report('post-quantum ClientHello', 4000, postQuantum, hostileHellos, helloRun)

const cache = new CertificateCache()
const flights = [serverFlight({ alpn: 'h2' })]
report(
  'server flight to ECS',
  undefined,
  flights,
  { noise: serverFlight({ alpn: 'h2', chain: [] }) },
  bytes => {
    const { tls } = tlsFields(undefined, decodeTls(bytes), der => cache.get(der))
    return Object.keys(tls).length
  },
)

// Each Initial a flow of its own, as the first of a connection is: keys, decryption, hello.
const initials = Array.from({ length: 100 }, (_, index) =>
  initial({
    dcid: noise(8, index),
    frames: crypto(0, clientHello({ sni: `h${index}.example` })),
    pad: 1162,
  }),
)
const dcid = noise(8, 3)
const broken = Buffer.from(clientV1)
broken[1000] = 0
const tiny = Array.from({ length: 300 }, (_, index) => crypto(index * 3, u8(1)))
const hostileInitials = {
  'does not decrypt': broken,
  'unknown version that does not decrypt': Buffer.concat([
    Buffer.from('c01a2a3a4a', 'hex'),
    broken.subarray(5),
  ]),
  'eight coalesced that do not decrypt': concat(
    ...Array.from({ length: 8 }, (_, i) =>
      wrong(initial({ dcid: noise(8, 40 + i), frames: u8(1), pad: 120 })),
    ),
  ),
  'a frame a byte': initial({ dcid, frames: concat(...tiny), pad: 1162 }),
  acknowledgements: initial({
    dcid,
    frames: concat(u8(2, 1, 1), u16(0x7fff), noise(1100, 1)),
    pad: 1162,
  }),
}
let flow = 0
const assembler = new QuicAssembler<number>({ flows: 1000 })

function wrong(packet: Uint8Array): Uint8Array {
  packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1
  return packet
}

report('QUIC Initial to hello, JA4', undefined, initials, hostileInitials, bytes => {
  const hello = assembler.datagram(flow++, false, bytes, 0)?.clientHello
  return (hello?.serverName?.length ?? 0) + (hello?.ja4?.length ?? 0)
})

const der = decodeTls(flights[0] ?? u8())?.certificates[0] ?? u8()
const names = concat(...Array.from({ length: 3000 }, () => u8(0x82, 1, 0x61)))
report(
  'certificate',
  undefined,
  [der],
  { 'only names': concat(u8(0x30, 0x82), u16(names.length), names) },
  bytes => decodeCertificate(bytes).subject.text.length,
)
if (sink < 0) console.log(sink)
