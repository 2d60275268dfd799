import { describe, expect, test } from 'vitest'
import { l7 } from '../../src/decode/record.ts'
import { type Signal } from '../../src/detectors/signal.ts'
import { concat, u8 } from '../generate/bytes.ts'
import * as p from '../generate/packets.ts'
import { type CertificateOptions } from '../generate/x509.ts'
import { DAY, HOUR, World } from './world.ts'

const client = '192.168.1.10'
const server = '203.0.113.7'

interface Meeting {
  readonly at?: number
  readonly from?: string
  readonly to?: string
  readonly port?: number
  readonly sni?: string
  readonly resolved?: string
  readonly certificate?: Partial<CertificateOptions> | undefined
  /** On the wire, of the server; 0x0304 shows no certificate. */
  readonly version?: number
  readonly offered?: readonly number[]
  readonly ciphers?: readonly number[]
}

let port = 1024
const good: CertificateOptions = {
  subject: 'www.example.org',
  names: ['www.example.org', '*.example.org'],
  issuer: 'Example CA',
  notBefore: '260101000000Z',
  notAfter: '261231000000Z',
}

/** A handshake from the first byte to the last in the clear. */
function meet(world: World, meeting: Meeting = {}): void {
  const {
    at = 0,
    from = client,
    to = server,
    version = 0x0303,
    offered = [0x0304, 0x0303],
  } = meeting
  const { sni, resolved, certificate = {} } = meeting
  if (resolved !== undefined) world.resolve(from, resolved, to, at)
  const ports = [port++ % 60_000, meeting.port ?? 443] as const
  const hello = p.clientHello({
    ...(sni === undefined ? {} : { sni }),
    versions: offered,
    ...(meeting.ciphers === undefined ? {} : { ciphers: meeting.ciphers }),
  })
  const common = { protocol: 6, l7: l7.L7_TLS, time: at }
  world.hear({ ...common, from, to, ports, payload: p.tlsRecords(hello) })
  const chain = [{ ...good, ...certificate }]
  const isNew = version === 0x0304
  const answer = isNew
    ? concat(
        p.tlsRecords(p.serverHello({ version })),
        p.tlsRecords(u8(1), { type: 20 }),
        p.tlsRecords(new Uint8Array(64), { type: 23 }),
      )
    : concat(p.serverFlight({ legacyVersion: version, chain }), p.tlsRecords(u8(1), { type: 20 }))
  const back = { from: to, to: from, ports: [ports[1], ports[0]] as const }
  world.hear({ ...common, ...back, flags: ['EVENT_REPLY'], payload: answer })
}

const reasons = ({ signals }: World) => signals.map(({ evidence }) => evidence['reasons'])
const changes = (signals: readonly Signal[]) => signals.filter(({ name }) => name === 'tls-changed')

describe('a handshake', () => {
  test('that is in order is not told', () => {
    const world = new World('tls-anomaly', { learn: 0 })
    meet(world, { sni: 'www.example.org', resolved: 'www.example.org' })
    meet(world, { sni: 'shop.example.org', at: 10 })
    meet(world, { sni: 'www.example.org', version: 0x0304, at: 20 })
    expect(world.told).toEqual({})
  })

  test.each<[string, Meeting, string[]]>([
    [
      'self-signed',
      { sni: 'www.example.org', certificate: { issuer: 'www.example.org' } },
      ['self-signed'],
    ],
    [
      'expired',
      { sni: 'www.example.org', certificate: { notAfter: '260102000000Z' } },
      ['expired', 'short-lived'],
    ],
    [
      'not yet valid',
      { sni: 'www.example.org', certificate: { notBefore: '260601000000Z' } },
      ['not-yet-valid'],
    ],
    ['for another name', { sni: 'bank.example.com' }, ['other-name']],
    ['for a longer name', { sni: 'a.b.example.org' }, ['other-name']],
    ['with an address for a name', { sni: '203.0.113.7' }, ['other-name', 'address-as-name']],
    ['without a name, on an odd port', { port: 4444 }, ['no-server-name', 'odd-port']],
    [
      'of a version that is retired, without a name',
      { version: 0x0301 },
      ['no-server-name', 'old-version'],
    ],
    [
      'of a tool that left its own names',
      {
        port: 50_050,
        certificate: {
          subject: 'Major Cobalt Strike',
          issuer: 'Major Cobalt Strike',
          names: [],
          notBefore: '260301120000Z',
          notAfter: '400101000000Z',
        },
      },
      [
        'self-signed',
        'valid-for-decades',
        'just-made',
        'default-names',
        'no-server-name',
        'odd-port',
      ],
    ],
  ])('that is %s is told with its reasons', (_, meeting, expected) => {
    const world = new World('tls-anomaly', { learn: 0 })
    meet(world, meeting)
    expect(reasons(world)).toEqual([expected])
    expect(world.signals[0]).toMatchObject({
      name: 'tls-anomaly',
      entity: client,
      evidence: { habit: 'new' },
    })
  })

  test('is the more odd the more reasons there are', () => {
    const world = new World('tls-anomaly', { learn: 0 })
    const own = { issuer: 'www.example.org' }
    meet(world, { sni: 'www.example.org', certificate: own })
    meet(world, { sni: 'www.example.org', certificate: own, port: 4444 })
    meet(world, { certificate: own, port: 4445, version: 0x0301 })
    expect(world.signals.map(({ score }) => score)).toEqual([0.35, 0.55, 0.69])
  })

  test('with a name other than the one resolved adds to what is odd', () => {
    const world = new World('tls-anomaly', { learn: 0 })
    meet(world, { sni: 'www.example.org', resolved: 'front.example.net', port: 4444 })
    meet(world, { sni: 'shop.example.org', resolved: 'pay.example.org', port: 4445 })
    expect(reasons(world)).toEqual([['resolved-as-other', 'odd-port'], ['odd-port']])
  })

  test('inside, or from outside, is nobody’s business here', () => {
    const world = new World('tls-anomaly', { learn: 0 })
    meet(world, { to: '192.168.9.9', port: 4444, certificate: { issuer: 'www.example.org' } })
    meet(world, { from: '203.0.113.9', to: client, port: 4444 })
    expect(world.told).toEqual({})
  })

  test('that is odd from the first days on is a habit', () => {
    const world = new World('tls-anomaly')
    for (let hour = 0; hour < 150; hour += 5) meet(world, { at: hour * HOUR, port: 4444 })
    const days = world.signals.map(({ time }) => (time / 1e6 - Date.UTC(2026, 2, 2) / 1000) / DAY)
    expect(Math.max(...days)).toBeLessThan(1)
    expect(world.signals.every(({ evidence }) => evidence['habit'] === 'unknown')).toBe(true)
  })
})

describe('a server that is known', () => {
  const known = (options: Meeting = {}) => {
    const world = new World('tls-anomaly')
    for (let hour = 0; hour < 30; hour++) {
      meet(world, {
        sni: 'www.example.org',
        at: hour * HOUR * 2,
        from: `192.168.1.${20 + (hour % 5)}`,
        ...options,
      })
      for (const site of ['a', 'b', 'c', 'd']) {
        meet(world, {
          sni: `${site}.example.org`,
          at: hour * HOUR * 2 + 5,
          certificate: { issuer: 'Second CA' },
        })
      }
    }
    return world
  }

  test('and is certified by somebody else all at once, is told', () => {
    const world = known()
    meet(world, { sni: 'www.example.org', at: 3 * DAY, certificate: { issuer: 'Office Proxy' } })
    expect(changes(world.signals)).toMatchObject([
      {
        score: 0.8,
        entity: client,
        evidence: {
          change: 'signer',
          server: 'www.example.org',
          now: 'CN=Office Proxy',
          before: ['CN=Example CA'],
        },
      },
    ])
  })

  test('and goes to an authority that others have, is worth little', () => {
    const world = known()
    meet(world, { sni: 'www.example.org', at: 3 * DAY, certificate: { issuer: 'Second CA' } })
    expect(changes(world.signals)).toMatchObject([{ score: 0.2 }])
  })

  test('by this client, and all at once speaks a retired version with it, is told', () => {
    const world = new World('tls-anomaly')
    for (let hour = 0; hour < 10; hour++)
      meet(world, { sni: 'mail.example.org', at: hour * HOUR * 2 })
    meet(world, { sni: 'mail.example.org', at: DAY, version: 0x0301, offered: [0x0301] })
    expect(changes(world.signals)).toMatchObject([{ score: 0.7, evidence: { change: 'version' } }])
  })

  test('and speaks a retired version with a client that offers better, is told', () => {
    const world = known()
    meet(world, { sni: 'www.example.org', at: 3 * DAY, version: 0x0301 })
    expect(changes(world.signals)).toMatchObject([
      { score: 0.7, evidence: { change: 'version', now: '1.0', before: ['1.2'] } },
    ])
    const old = known()
    meet(old, { sni: 'www.example.org', at: 3 * DAY, version: 0x0301, offered: [0x0301] })
    expect(changes(old.signals)).toEqual([])
  })

  test('is not told of a newer version, nor is one that was hardly seen', () => {
    const world = known()
    meet(world, { sni: 'www.example.org', at: 3 * DAY, version: 0x0304 })
    expect(changes(world.signals)).toEqual([])
    const young = new World('tls-anomaly')
    meet(young, { sni: 'www.example.org' })
    meet(young, { sni: 'www.example.org', at: HOUR, certificate: { issuer: 'Other' } })
    expect(changes(young.signals)).toEqual([])
  })
})

test('a new fingerprint of a simple device counts once it is known well', () => {
  const strange = { ciphers: [0x00ff, 0x0035, 0x002f], sni: 'www.example.org' }
  const world = new World('tls-anomaly')
  for (let hour = 0; hour < 24 * 8; hour++) meet(world, { sni: 'www.example.org', at: hour * HOUR })
  expect(world.told).toEqual({})
  meet(world, { ...strange, at: 8 * DAY })
  meet(world, { ...strange, at: 8 * DAY + 2 * HOUR })
  expect(reasons(world)).toEqual([['new-client-of-a-simple-device']])
  const young = new World('tls-anomaly')
  for (let hour = 0; hour < 24 * 5; hour++) meet(young, { sni: 'www.example.org', at: hour * HOUR })
  meet(young, { ...strange, at: 5 * DAY })
  expect(young.told).toEqual({})
})
