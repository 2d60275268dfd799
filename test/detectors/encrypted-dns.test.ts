import { describe, expect, test } from 'vitest'
import { l7 } from '../../src/decode/record.ts'
import { isResolverName } from '../../src/detectors/resolver-name.ts'
import { domainParts } from '../../src/protocols/dns-ecs.ts'
import { concat, u16 } from '../generate/bytes.ts'
import { type DnsRecord, dns, dnsName } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { DAY, HOUR, World } from './world.ts'

const client = '192.168.1.10'
const resolver = '203.0.113.53'
let port = 2000

interface Connection {
  readonly at?: number
  readonly from?: string
  readonly to?: string
  readonly port?: number
  readonly sni?: string
  readonly alpn?: readonly string[]
}

/** A client's hello. */
function connect(world: World, connection: Connection = {}): void {
  const { at = 0, from = client, to = resolver, sni, alpn } = connection
  const hello = p.clientHello({
    ...(sni === undefined ? {} : { sni }),
    ...(alpn === undefined ? {} : { alpn }),
  })
  const ports = [port++ % 60_000, connection.port ?? 443] as const
  world.hear({
    protocol: 6,
    l7: l7.L7_TLS,
    time: at,
    from,
    to,
    ports,
    payload: p.tlsRecords(hello),
  })
}

interface Asked {
  readonly at?: number
  readonly from?: string
  readonly to?: string
  /** 0x8180: recursion is there. */
  readonly flags?: number
  readonly answers?: readonly DnsRecord[]
}

/** A plain question and its answer. */
function ask(world: World, asked: Asked = {}): void {
  const { at = 0, from = client, to = resolver, flags = 0x8180, answers = [] } = asked
  const id = port++ % 60_000
  const questions = [{ name: 'www.example.org', type: 'A' as const }]
  const ends = { protocol: 17, l7: l7.L7_DNS, time: at }
  world.hear({ ...ends, from, to, ports: [id, 53], payload: dns({ id, questions }) })
  world.hear({
    ...ends,
    from: to,
    to: from,
    ports: [53, id],
    flags: ['EVENT_REPLY'],
    payload: dns({ id, flags, questions, answers }),
  })
}

const reasons = ({ signals }: World) => signals.map(({ evidence }) => evidence['reasons'])
const fresh = () => new World('encrypted-dns', { learn: 0 })

describe('a connection with', () => {
  test('an address that answers plain questions', () => {
    const world = fresh()
    ask(world, { from: '192.168.1.99' })
    connect(world, { at: 60 })
    expect(world.signals).toMatchObject([
      {
        name: 'encrypted-dns',
        entity: client,
        score: 0.6,
        evidence: { resolver, protocol: 'doh', reasons: ['answers-plain-dns'], habit: 'new' },
      },
    ])
  })

  test('a resolver that a record of DNS designates', () => {
    const world = fresh()
    const data = concat(u16(1), dnsName('secret.example.net'))
    const answers = [{ name: '_dns.resolver.arpa', type: 64, data }]
    ask(world, { to: '192.168.1.1', answers })
    connect(world, { at: 5, sni: 'secret.example.net' })
    expect(world.signals).toMatchObject([{ score: 0.65, evidence: { reasons: ['designated'] } }])
  })

  test('a server on another port that DNS over TLS is offered to', () => {
    const world = fresh()
    connect(world, { port: 8443, alpn: ['dot'] })
    expect(world.signals).toMatchObject([
      { score: 0.7, evidence: { protocol: 'dot', reasons: ['offers-dns'] } },
    ])
  })

  test('the port of DNS over TLS, of a host that is called like a resolver', () => {
    const world = fresh()
    connect(world, { port: 853, sni: 'dns1.example.net' })
    expect(world.signals).toMatchObject([
      { score: 0.7, evidence: { protocol: 'dot', reasons: ['dns-port', 'resolver-name'] } },
    ])
  })

  test('a host that is called like a resolver, while names are asked no more', () => {
    const world = fresh()
    for (let i = 0; i < 25; i++) world.resolve(client, `www${i}.example.org`, `198.51.100.${i}`, i)
    for (let i = 0; i < 20; i++) {
      connect(world, { at: 600 + i, to: `198.18.0.${i + 1}`, sni: `site${i}.example.edu` })
    }
    connect(world, { at: 900, sni: 'doh.example.net' })
    expect(world.signals).toMatchObject([
      { score: 0.64, evidence: { reasons: ['resolver-name', 'no-names'], unresolved: 20 } },
    ])
  })
})

describe('nothing is said of', () => {
  test('a server of names that offers no recursion, and has a web site too', () => {
    const world = fresh()
    ask(world, { flags: 0x8400 })
    connect(world, { at: 60, sni: 'www.example.net' })
    expect(world.signals).toEqual([])
  })

  test('our own resolver, nor whom it forwards to in secret', () => {
    const world = fresh()
    ask(world, { to: '192.168.1.1' })
    ask(world, { from: '192.168.1.1' })
    connect(world, { at: 60, to: '192.168.1.1', port: 853, sni: 'dns.example.net' })
    connect(world, { at: 61, from: '192.168.1.1', port: 853, sni: 'dns.example.net' })
    expect(world.signals).toEqual([])
  })

  test('another port of a resolver', () => {
    const world = fresh()
    ask(world)
    connect(world, { at: 60, port: 993 })
    expect(world.signals).toEqual([])
  })

  test('a web site, whatever the client resolves', () => {
    const world = fresh()
    for (let i = 0; i < 25; i++) world.resolve(client, `www${i}.example.org`, `198.51.100.${i}`, i)
    for (let i = 0; i < 40; i++) {
      connect(world, { at: 600 + i, to: `198.18.0.${i + 1}`, sni: `site${i}.example.edu` })
    }
    expect(world.signals).toEqual([])
  })

  test('what was a habit in the first days', () => {
    const world = new World('encrypted-dns')
    for (let hour = 0; hour < 96; hour += 6) {
      ask(world, { at: hour * HOUR })
      connect(world, { at: hour * HOUR + 60 })
    }
    const before = world.signals.length
    connect(world, { at: 5 * DAY })
    expect(world.signals).toHaveLength(before)
    expect(world.signals.every(({ evidence }) => evidence['habit'] === 'unknown')).toBe(true)
  })
})

test('a name alone is a hint that no rule makes an alert of', () => {
  const world = fresh()
  connect(world, { sni: 'dns.example.net' })
  expect(world.signals).toMatchObject([{ score: 0.4 }])
  expect(reasons(world)).toEqual([['resolver-name']])
})

test.each([
  ['dns.example.net', true],
  ['doh-eu.example.net', true],
  ['mozilla.cloudflare-dns.com', true],
  ['abc123.dns.nextdns.io', true],
  ['dns.example.co.uk', true],
  ['www.example.net', false],
  ['dnsmasq.example.net', false],
  ['dots.example.net', false],
  ['resolve.example.net', false],
  ['dns.com', true],
  ['wwwdns', false],
])('%s is called like a resolver: %s', (name, is) => {
  expect(isResolverName(name, domainParts(name).registered_domain)).toBe(is)
})
