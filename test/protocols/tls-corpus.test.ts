import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { QuicAssembler } from '../../src/protocols/quic.ts'
import { quicFields } from '../../src/protocols/quic-fields.ts'
import { decodeTls, type TlsSide } from '../../src/protocols/tls.ts'
import { tlsFields } from '../../src/protocols/tls-fields.ts'
import { CertificateCache } from '../../src/protocols/x509.ts'
import {
  type Case,
  corpusCases,
  corpusFolder,
  hasCorpus,
  hasTshark,
  join64k,
  type Row,
  type Segment,
  segments,
} from './capture.ts'

const ready = hasCorpus && hasTshark
if (!ready) {
  const missing = hasCorpus ? 'the tshark command' : `captures in ${corpusFolder}`
  process.stderr.write(
    `\nSKIPPED: hellos are not compared with the corpora for want of ${missing}\n\n`,
  )
}

// FTP carries this one's records in base64 (RFC 2228).
const HIDDEN = new Set(['zeek:globus-url-copy.pcap'])

interface Seen extends Row {
  readonly kind: 'tls' | 'quic'
}

describe.skipIf(!ready)('captures of seven corpora', { timeout: 60_000 }, () => {
  const cases = ready ? corpusCases() : []

  test.concurrent.each(cases.map(item => [item.id, item] as const))('%s', async (id, item) => {
    const { tcp, udp } = await segments(
      join(corpusFolder, 'pcaps', item.pcap.replace(/^pcaps\//, '')),
    )
    const seen = [...streams(tcp), ...flows(udp)]
    for (const kind of ['tls', 'quic'] as const) {
      for (const row of HIDDEN.has(id) ? [] : (item.expect[kind] ?? [])) {
        const near = seen.filter(event => event.kind === kind && sameEnds(row, event))
        const best = near.map(event => differences(row, event)).sort((a, b) => a.length - b.length)
        expect(best[0], JSON.stringify({ row, near })).toEqual([])
      }
    }
  })

  test('hold hundreds of hellos', () => {
    const count = (item: Case) => (item.expect.tls?.length ?? 0) + (item.expect.quic?.length ?? 0)
    expect(cases.reduce((sum, item) => sum + count(item), 0)).toBeGreaterThan(300)
  })
})

function streams(list: readonly Segment[]): Seen[] {
  const cache = new CertificateCache()
  return grouped(list, segment => segment.stream).flatMap(both => {
    const sides = grouped(both, segment => `${segment.src} ${segment.sport}`)
    const found = sides.map(own => ({ first: own[0], side: firstHello(join64k(own)) }))
    const client = found.find(({ side }) => side?.role === 'client')
    const server = found.find(({ side }) => side?.role === 'server')
    const first = client?.first ?? server?.first
    if (first === undefined || (client ?? server) === undefined) return []
    const { tls, orthrusTls } = tlsFields(client?.side, server?.side, der => cache.get(der))
    const flat = { ...tls, ...(tls['client'] as object), ...(tls['server'] as object) }
    return [seenIn('tls', first, client === undefined, flat, orthrusTls)]
  })
}

/** The first hello of a side: behind STARTTLS or a proxy's answer it does not stand at the start. */
function firstHello(bytes: Buffer): TlsSide | undefined {
  const side = decodeTls(bytes)
  if (side?.role !== undefined) return side
  for (let at = 0; at < Math.min(bytes.length, 4096); at++) {
    if (bytes[at] !== 22 || (bytes[at + 5] !== 1 && bytes[at + 5] !== 2)) continue
    const later = decodeTls(bytes.subarray(at))
    if (later?.role !== undefined) return later
  }
  return undefined
}

function flows(list: readonly Segment[]): Seen[] {
  const assembler = new QuicAssembler<string>()
  const openers = new Map<string, string>()
  return list.flatMap(segment => {
    const { stream, src, sport, bytes, time } = segment
    const sender = `${src} ${sport}`
    const opener = openers.get(stream) ?? sender
    openers.set(stream, opener)
    const news = assembler.datagram(stream, opener !== sender, bytes, time)
    if (news?.clientHello === undefined) return []
    const { tls, orthrusTls } = quicFields(news)
    const [alpn] = news.clientHello.alpn
    const flat = { ...(tls['client'] as object), next_protocol: alpn }
    return [seenIn('quic', segment, false, flat, orthrusTls)]
  })
}

function seenIn(
  kind: Seen['kind'],
  first: Segment,
  fromServer: boolean,
  fields: Record<string, unknown>,
  own: { readonly [name: string]: unknown },
): Seen {
  const { src, dst, sport, dport } = first
  const ends = fromServer
    ? { src: dst, dst: src, sport: dport, dport: sport }
    : { src, dst, sport, dport }
  const text = (name: string) => fields[name] as string
  return {
    kind,
    ...ends,
    sni: text('server_name'),
    ja3: text('ja3'),
    ja3s: text('ja3s'),
    ja4: own['ja4'] as string,
    version: text('version') === '3.0' ? 'ssl3' : text('version'),
    alpn: text('next_protocol'),
    subject: text('subject'),
    issuer: text('issuer'),
  }
}

function sameEnds(row: Row, { src, dst, sport, dport }: Seen): boolean {
  if (row.src === undefined) return true
  const want = `${row.src} ${row.sport} ${row.dst} ${row.dport}`
  return want === `${src} ${sport} ${dst} ${dport}` || want === `${dst} ${dport} ${src} ${sport}`
}

function differences(row: Row, seen: Seen): string[] {
  const names = ['sni', 'ja3', 'ja3s', 'ja4', 'version', 'alpn', 'subject', 'issuer'] as const
  return names.filter(name => {
    const want = row[name]
    const got = seen[name]
    return want !== undefined && !agrees(name, want, got)
  })
}

/** `?` in a JA4 stands for any character; Suricata writes e-mail addresses its own way. */
function agrees(name: string, want: string, got: string | undefined): boolean {
  if (got === undefined) return false
  if (name === 'ja4')
    return want.length === got.length && [...want].every((c, i) => c === '?' || c === got[i])
  return want.replace('Email=', 'emailAddress=').toLowerCase() === got.toLowerCase()
}

function grouped<T>(list: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of list) {
    const group = groups.get(key(item)) ?? []
    groups.set(key(item), group)
    group.push(item)
  }
  return [...groups.values()]
}
