import { expect, test } from 'vitest'
import { isGlobal } from '../../src/enrich/global-address.ts'
import { type DnsRecord } from '../generate/dns.ts'
import { address, client, many, resolved } from './names.ts'
import { alerts, signals, signalsOf } from './replayed.ts'
import { dice } from './world.ts'

const name = 'login.bank-news.example.com'
const fluxOf = signalsOf('fast-flux')

/** Addresses of the internet, each of which may be anywhere. */
function anywhere(seed: number): () => string {
  const random = dice(seed)
  const octet = () => Math.floor(random() * 256)
  return () => {
    for (;;) {
      const four = [octet(), octet(), octet(), octet()] as const
      const word = (four[0] << 24) | (four[1] << 16) | (four[2] << 8) | four[3] | 0
      if (isGlobal(4, word)) return four.join('.')
    }
  }
}

interface Asks {
  readonly count: number
  readonly every?: number
  readonly ttl?: number
  readonly src?: string
  readonly asked?: string
  readonly from?: number
}

/** Questions for a name, each answered by what `make` gives. */
function asks(
  { count, every = 300, ttl = 180, src = client, asked = name, from = 0 }: Asks,
  make: (index: number) => readonly string[],
  owner = asked,
) {
  const alias: DnsRecord[] =
    owner === asked ? [] : [{ name: asked, type: 'CNAME', ttl, data: owner }]
  return many(count, i =>
    resolved({ at: from + i * every, name: asked, src }, [
      ...alias,
      ...make(i).map(ip => address(owner, ip, ttl)),
    ]),
  )
}

/** Six addresses that were never there before, each time. */
const ever = (seed: number) => {
  const next = anywhere(seed)
  return () => Array.from({ length: 6 }, next)
}

test('a name at ever new addresses all over the world', async () => {
  const packets = asks({ count: 20 }, ever(1))
  const [told, ...more] = await fluxOf(packets)
  expect(told?.orthrus.signal).toMatchObject({
    name: 'fast-flux',
    entity: client,
    evidence: { name, domain: 'example.com', ttl: 180, customers: 0 },
  })
  expect(told?.orthrus.signal.score).toBeGreaterThanOrEqual(0.8)
  expect(told?.orthrus.signal.evidence['countries']).toBeGreaterThanOrEqual(4)
  expect(more).toEqual([])
  expect((await alerts(packets)).map(({ rule }) => rule.name)).toContain(
    'Name With Ever New Addresses All Over the World',
  )
})

/** Six of IPv6 each time, in networks of so many providers, whose regions are a /40 each. */
function everSix(providers: number, regions: number) {
  const random = dice(7)
  const hex = (most: number) => Math.floor(random() * most).toString(16)
  return () =>
    Array.from({ length: 6 }, () => {
      const provider = Math.floor(random() * providers)
      const net = (0x2400 + (provider % 12) * 0x100 + (provider >> 4)).toString(16)
      const region = (Math.floor(random() * regions) * 256 + Math.floor(random() * 256)).toString(
        16,
      )
      return `${net}:${(provider * 16).toString(16)}:${region}:${hex(65_536)}::${hex(65_536)}`
    })
}

function asksSix(count: number, make: () => readonly string[]) {
  return many(count, i =>
    resolved(
      { at: i * 300, name, type: 'AAAA' },
      make().map(data => ({ name, type: 'AAAA' as const, ttl: 180, data })),
    ),
  )
}

test('in IPv6 as well, counted by the networks of homes', async () => {
  const [told, ...more] = await fluxOf(asksSix(20, everSix(200, 8)))
  expect(told?.orthrus.signal).toMatchObject({ name: 'fast-flux', entity: client })
  expect(told?.orthrus.signal.evidence['networks']).toBeGreaterThan(20)
  expect(String(told?.orthrus.signal.evidence['examples'])).toMatch(/^2[4-9a-f]..:/)
  expect(more).toEqual([])
})

test('one home whose computer takes another address each time is one address', async () => {
  const next = dice(3)
  const interfaceId = () => Math.floor(next() * 65_536).toString(16)
  const packets = asksSix(60, () => [`2a02:8070:1:2:${interfaceId()}:${interfaceId()}::1`])
  expect(await fluxOf(packets)).toEqual([])
})

test('a content network with a /48 in each city is quiet', async () => {
  expect(await fluxOf(asksSix(60, everSix(2, 4)))).toEqual([])
})

test('each client that asks is told of, once', async () => {
  const packets = [
    ...asks({ count: 20 }, ever(1)),
    ...asks({ count: 3, from: 6100, src: '192.168.1.44' }, ever(2)),
  ]
  const told = await fluxOf(packets)
  expect(told.map(({ orthrus }) => orthrus.signal.entity)).toEqual([client, '192.168.1.44'])
})

test('two replays say the same under the same ids', async () => {
  const packets = asks({ count: 20 }, ever(1))
  const ids = async () => (await fluxOf(packets)).map(({ event }) => event.id)
  expect(await ids()).toEqual(await ids())
})

/** A content network: four of many addresses in the blocks of one company. */
const blocks = [
  ...['13.224', '13.225', '13.226', '13.227', '13.249', '18.64', '18.154', '18.160', '52.84'],
  ...['52.85', '52.222', '54.192', '54.230', '99.84', '99.86', '143.204', '108.138', '65.8'],
]
function content(seed: number): () => string[] {
  const random = dice(seed)
  const of = (most: number) => Math.floor(random() * most)
  return () => Array.from({ length: 4 }, () => `${blocks[of(18)]}.${of(256)}.${of(256)}`)
}
/** Always some of the same sixty. */
function pool(seed: number): (index: number) => string[] {
  const next = anywhere(seed)
  const all = Array.from({ length: 36 }, next)
  return i => Array.from({ length: 6 }, (_, at) => all[(i * 6 + at) % 36] ?? '')
}
/** A great site: many addresses in two networks. */
const site = (i: number) =>
  Array.from({ length: 6 }, (_, at) => `142.25${i % 2}.${i % 200}.${at + 10}`)

test.each([
  ['a content network in blocks of its own', asks({ count: 60, ttl: 60 }, content(3))],
  ['many addresses of two networks', asks({ count: 60 }, site)],
  ['a pool that has come round', asks({ count: 60 }, pool(4))],
  ['names that live for an hour', asks({ count: 30, ttl: 3600 }, ever(5))],
  ['one answer with many addresses', asks({ count: 8 }, () => Array.from({ length: 40 }, fixed()))],
  ['volunteers all over the world', asks({ count: 30, asked: '2.pool.ntp.org' }, ever(6))],
  ['addresses of our own', asks({ count: 60 }, i => [`10.${i}.0.1`, `172.16.${i}.1`])],
])('%s is none', async (_, packets) => {
  expect(await fluxOf(packets)).toEqual([])
})

/** The same forty each time. */
function fixed(): () => string {
  const next = anywhere(9)
  return () => next()
}

test('a name that turns out to live for long is told of no more', async () => {
  const packets = [
    ...asks({ count: 20 }, ever(1)),
    ...asks({ count: 1, from: 6100, ttl: 86_400 }, ever(2)),
    ...asks({ count: 3, from: 6400, src: '192.168.1.44' }, ever(3)),
  ]
  expect((await fluxOf(packets)).map(({ orthrus }) => orthrus.signal.entity)).toEqual([client])
})

test('the domain of a provider to whom many names lead is worth little', async () => {
  const owner = 'edge.cdn.example.net'
  const customers = ['a.example.com', 'b.example.org', 'www.example.edu']
  const packets = customers.flatMap((asked, at) =>
    asks({ count: 8, every: 900, from: at * 300, asked, src: client }, ever(at + 1), owner),
  )
  const told = await signals(packets)
  const flux = told.filter(({ orthrus }) => orthrus.signal.name === 'fast-flux')
  expect(flux.map(({ orthrus }) => orthrus.signal.score)).toEqual([0.4])
  expect(flux[0]?.orthrus.signal.evidence).toMatchObject({ name: owner, customers: 3 })
  expect((await alerts(packets)).map(({ rule }) => rule.name)).not.toContain(
    'Name With Ever New Addresses All Over the World',
  )
})
