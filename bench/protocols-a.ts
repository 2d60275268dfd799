import { identifyProtocol } from '../src/protocols/app-ids.ts'
import { decodeDhcp4 } from '../src/protocols/dhcp4.ts'
import { decodeDhcp6 } from '../src/protocols/dhcp6.ts'
import { decodeDns, isPlausibleDns } from '../src/protocols/dns.ts'
import { decodeHttp, HttpRequest } from '../src/protocols/http.ts'
import { decodeSsh, hassh } from '../src/protocols/ssh.ts'

/**
 * Decoders of DNS, DHCP, HTTP, SSH and the recogniser: ns a typical message with the fields that
 * detectors read, beside the target; then the worst message we know, whose cost must stay within
 * twenty times that.
 */

// Short runs, of which the best counts: a busy machine leaves some of them alone.
const rounds = 60
const most = 20

type Run = (bytes: Uint8Array) => number

let sink = 0

function measure(messages: readonly Uint8Array[], run: Run, times: number): number {
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
  target: number,
  typical: readonly Uint8Array[],
  hostile: Uint8Array[],
  run: Run,
) {
  measure(typical, run, 500)
  const usual = measure(typical, run, 500)
  for (const bytes of hostile) measure([bytes], run, 50) // warm, as the typical ones are
  const each = hostile.map(bytes => measure([bytes], run, 50))
  const worst = Math.max(...each)
  const verdict = usual <= target ? 'met' : 'missed'
  const ratio = worst / usual
  console.log(
    `${name.padEnd(34)} ${usual.toFixed(0).padStart(6)} ns  target ${target} ns: ${verdict}; ` +
      `hostile ${worst.toFixed(0)} ns, ${ratio.toFixed(1)}x ${ratio <= most ? 'met' : 'missed'}`,
  )
}

const ascii = (text: string) => [...Buffer.from(text, 'latin1')]
const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
const dnsName = (name: string) => [...name.split('.').flatMap(l => [l.length, ...ascii(l)]), 0]
const record = (type: number, data: number[]) => [
  ...[0xc0, 12],
  ...u16(type),
  ...u16(1),
  ...u32(300),
  ...u16(data.length),
  ...data,
]

function dnsAnswer(i: number): Uint8Array {
  const head = [...u16(i), 0x81, 0x80, ...u16(1), ...u16(3), ...u16(0), ...u16(1)]
  const question = [...dnsName(`host${i % 300}.static.example.com`), ...u16(1), ...u16(1)]
  const answers = [
    ...record(5, [...dnsName(`edge${i % 50}`).slice(0, -1), 0xc0, 12]),
    ...record(1, [192, 0, 2, i & 255]),
    ...record(1, [198, 51, 100, i & 255]),
  ]
  return Uint8Array.from([
    ...head,
    ...question,
    ...answers,
    0,
    ...u16(41),
    ...u16(1232),
    0,
    0,
    0,
    0,
    0,
    0,
  ])
}

function dnsQuery(i: number): Uint8Array {
  const head = [...u16(i), 1, 0, ...u16(1), ...u16(0), ...u16(0), ...u16(0)]
  return Uint8Array.from([...head, ...dnsName(`host${i % 300}.static.example.com`), 0, 1, 0, 1])
}

/** Fills 4 KiB with records of a kind. */
function dnsFull(type: number, one: (i: number) => number[]): Uint8Array {
  const labels = Array.from({ length: 4 }, () => [60, ...new Array<number>(60).fill(1)]).flat()
  const body = [...labels, 0, ...u16(type), ...u16(1)]
  let count = 0
  while (body.length < 4000) body.push(...one(count++))
  return Uint8Array.from([0, 1, 0x81, 0x80, ...u16(1), ...u16(count), 0, 0, 0, 0, ...body])
}

const readDns: Run = bytes => {
  const message = decodeDns(bytes)
  if (message === undefined) return 0
  let total = message.headerFlags.length + message.responseCode
  for (const question of message.questions) total += (question.name?.length ?? 0) + question.type
  for (const answer of message.answers) total += (answer.name?.length ?? 0) + answer.data.length
  return total + message.resolvedIps.length
}

const answers = Array.from({ length: 500 }, (_, i) => dnsAnswer(i))
const queries = Array.from({ length: 500 }, (_, i) => dnsQuery(i))
/** 32 questions that each point into a name of escapes. */
function manyQuestions(): Uint8Array {
  const labels = Array.from({ length: 4 }, () => [60, ...new Array<number>(60).fill(1)]).flat()
  const more = Array.from({ length: 31 }, (_, i) => [0xc0, 12 + 61 * (i % 4), 0, 1, 0, 1]).flat()
  return Uint8Array.from([0, 1, 1, 0, 0, 32, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1, ...more])
}

const hostileQueries = [manyQuestions()]
const hostileDns = [
  dnsFull(1, i => record(1, [i & 255, 1, 2, 3])),
  dnsFull(2, () => record(2, [0xc0, 12])),
  dnsFull(16, () => record(16, [200, ...new Array<number>(200).fill(0)])),
  dnsFull(47, () => record(47, [0, 0, 32, ...new Array<number>(32).fill(255)])),
  dnsFull(65, () =>
    record(65, [0, 1, 0, ...Array.from({ length: 30 }, () => [0, 4, 0, 4, 1, 2, 3, 4]).flat()]),
  ),
]
report('DNS query', 1000, queries, hostileQueries, readDns)
report('DNS answer, 3 records, OPT', 1000, answers, hostileDns, readDns)
report('DNS plausibility', 1000, queries, hostileDns, bytes => Number(isPlausibleDns(bytes)))

const httpText = (i: number) =>
  `GET /assets/app-${i}.js?v=${i} HTTP/1.1\r\nHost: www${i % 20}.example.com\r\n` +
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n' +
  'Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n' +
  'Referer: http://www.example.com/\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\n\r\n'
const readHttp: Run = bytes => {
  const head = decodeHttp(bytes)
  if (!(head instanceof HttpRequest)) return head?.status ?? 0
  const { host = '', userAgent = '', referrer = '', contentType = '' } = head
  const size = head.contentLength ?? 0
  return head.headerNames.length + size + (host + userAgent + referrer + contentType).length
}
const http = Array.from({ length: 200 }, (_, i) => Buffer.from(httpText(i)))
report(
  'HTTP request head',
  2000,
  http,
  [
    Buffer.from(`GET / HTTP/1.1\r\n${'a:b\r\n'.repeat(815)}`),
    Buffer.from(`GET / HTTP/1.1\r\na:${'\r\n b'.repeat(1018)}`),
    Buffer.from(`GET / HTTP/1.1\r\n${'\n a'.repeat(4)}HOST: ${'\r\n x'.repeat(1000)}`),
    Buffer.from(`GET /${' HTTP/'.repeat(680)}`),
  ],
  readHttp,
)

const options = (list: readonly (readonly [number, readonly number[]])[]) =>
  list.flatMap(([code, data]) => [code, data.length, ...data])
function dhcp(body: readonly number[]): Uint8Array {
  const head = [
    1,
    1,
    6,
    0,
    1,
    2,
    3,
    4,
    ...new Array<number>(20).fill(0),
    0,
    0x11,
    0x22,
    0x33,
    0x44,
    0x55,
  ]
  return Uint8Array.from([...head, ...new Array<number>(202).fill(0), 99, 130, 83, 99, ...body])
}
const discover = dhcp([
  ...options([
    [53, [1]],
    [61, [1, 0, 0x11, 0x22, 0x33, 0x44, 0x55]],
    [50, [192, 0, 2, 9]],
    [12, ascii('laptop-of-somebody')],
    [60, ascii('MSFT 5.0')],
    [55, [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252]],
  ]),
  255,
])
report(
  'DHCPv4 discover',
  5000,
  [discover],
  [
    dhcp(Array.from({ length: 1900 }, (_, i) => [i % 250, 0]).flat()),
    dhcp(
      Array.from({ length: 250 }, (_, i) => [i + 1, 12, ...new Array<number>(12).fill(65)]).flat(),
    ),
    dhcp(Array.from({ length: 1200 }, () => [43, 1, 1]).flat()),
  ],
  bytes => decodeDhcp4(bytes)?.optionList.length ?? 0,
)

const option6 = (code: number, data: readonly number[]) => [
  ...u16(code),
  ...u16(data.length),
  ...data,
]
const address6 = option6(5, [...new Array<number>(16).fill(1), ...u32(3600), ...u32(7200)])
const solicit = Uint8Array.from([
  ...[1, 0xaa, 0xbb, 0xcc],
  ...option6(1, [0, 1, 0, 1, ...u32(0x2a2a2a2a), 0, 0x11, 0x22, 0x33, 0x44, 0x55]),
  ...option6(3, [...u32(1), ...u32(0), ...u32(0), ...address6]),
  ...option6(6, [0, 23, 0, 24, 0, 39]),
  ...option6(39, [0, ...dnsName('laptop.example.com')]),
])
report(
  'DHCPv6 solicit',
  5000,
  [solicit],
  [
    Uint8Array.from([1, 1, 2, 3, ...Array.from({ length: 140 }, () => address6).flat()]),
    Uint8Array.from([1, 1, 2, 3, ...option6(3, new Array<number>(4000).fill(0))]),
  ],
  bytes => decodeDhcp6(bytes)?.optionList.length ?? 0,
)

const lists = [
  'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ext-info-c',
  'ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256',
  ...new Array<string>(2).fill('chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr'),
  ...new Array<string>(2).fill('umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha1'),
  ...new Array<string>(2).fill('none,zlib@openssh.com,zlib'),
  ...['', ''],
]
const kex = [
  20,
  ...new Array<number>(16).fill(7),
  ...lists.flatMap(l => [...u32(l.length), ...ascii(l)]),
]
const ssh = Uint8Array.from([
  ...ascii('SSH-2.0-OpenSSH_9.6p1 Debian-3\r\n'),
  ...[...u32(kex.length + 10), 4, ...kex, 0, 0, 0, 0, 0, 0, 0, 0, 0],
])
report(
  'SSH banner, KEXINIT, HASSH',
  10_000,
  [ssh],
  [Buffer.from(`${'x\n'.repeat(2040)}`), Buffer.from(`SSH-2.0-${'\x01'.repeat(4000)}`)],
  bytes => {
    const hello = decodeSsh(bytes)
    return hello?.kexInit === undefined ? 0 : hassh(hello.kexInit).length
  },
)

const tcp = [http[0], ssh].filter(bytes => bytes !== undefined)
const udp = [queries[0], discover].filter(bytes => bytes !== undefined)
const beginnings = [
  '<',
  '<1>',
  'OPTIONS ',
  '\0',
  '\0\x01',
  '{',
  '220 ',
  'PASS ',
  'USER ',
  ':a',
  '+OK ',
]
const noise = beginnings.flatMap(text =>
  ['a', ' ', '\n', '\0', '<'].map(filling => Buffer.from(text + filling.repeat(4000))),
)
for (const [transport, first] of [
  ['tcp', tcp],
  ['udp', udp],
] as const) {
  report(`protocol by first bytes, ${transport}`, 1000, first, noise, bytes => {
    const end = bytes.length
    const from = { bytes, start: 0, end, transport, fromServer: false, serverPort: 9999 }
    return (identifyProtocol(from) ?? '').length
  })
}
if (Number.isNaN(sink)) console.log(sink)
