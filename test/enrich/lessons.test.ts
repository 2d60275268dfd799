import { describe, expect, test } from 'vitest'
import { type DeviceView, deviceViews } from '../../src/enrich/device-view.ts'
import { factLimits } from '../../src/enrich/facts.ts'
import * as p from '../generate/packets.ts'
import { openTemporary } from '../storage/open.ts'
import {
  acknowledge,
  announce,
  arrive,
  ask,
  burnt,
  discover,
  inventory,
  made,
  type Timed,
} from './inventory.ts'

const host = burnt(0x12)
const server = burnt(0x14)

/** A device announces itself by mDNS. */
function mdns(at: number, mac: string, src: string, records: readonly p.DnsRecord[]): Timed {
  const message = p.udp({ srcPort: 5353, dstPort: 5353 }, p.mdnsAnnouncement(records))
  const packet = p.ipv4({ src, dst: '224.0.0.251', ttl: 255 }, message)
  return [at, p.ethernet({ src: mac, dst: '01:00:5e:00:00:fb' }, packet)]
}

/** A datagram there and, if there is an answer, back. */
function exchange(
  at: number,
  ports: readonly [number, number],
  request: p.Content,
  answer?: p.Content,
): Timed[] {
  const [srcPort, dstPort] = ports
  const there = p.ipv4(
    { src: '192.0.2.12', dst: '192.0.2.14' },
    p.udp({ srcPort, dstPort }, request),
  )
  const back = (content: p.Content) =>
    p.ipv4(
      { src: '192.0.2.14', dst: '192.0.2.12' },
      p.udp({ srcPort: dstPort, dstPort: srcPort }, content),
    )
  const first: Timed = [at, p.ethernet({ src: host, dst: server }, there)]
  if (answer === undefined) return [first]
  return [first, [at + 0.001, p.ethernet({ src: server, dst: host }, back(answer))]]
}

/** A TCP connection that is opened, used and closed. */
function connection(at: number, port: number): Timed[] {
  const side = (step: number, out: boolean, flags: number, data = new Uint8Array()): Timed => {
    const ends = out
      ? { src: '192.0.2.12', dst: '192.0.2.14', srcPort: 40_000, dstPort: port }
      : { src: '192.0.2.14', dst: '192.0.2.12', srcPort: port, dstPort: 40_000 }
    const frame = p.ethernet(
      out ? { src: host, dst: server } : { src: server, dst: host },
      p.ipv4(ends, p.tcp({ ...ends, flags, seq: 100 + step, ack: 200 }, data)),
    )
    return [at + step / 1000, frame]
  }
  return [
    side(0, true, p.SYN),
    side(1, false, p.SYN | p.ACK),
    side(2, true, p.ACK),
    side(3, true, p.ACK | p.PSH, new Uint8Array(100)),
    side(4, false, p.ACK | p.PSH, new Uint8Array(500)),
    side(5, true, p.FIN | p.ACK),
    side(6, false, p.FIN | p.ACK),
    side(7, true, p.ACK),
  ]
}

const viewsOf = (devices: Parameters<typeof deviceViews>[0]): DeviceView[] => [
  ...deviceViews(devices),
]

/** In an order that is the same after a restart. */
const sorted = (devices: Parameters<typeof deviceViews>[0]) =>
  viewsOf(devices).toSorted((a, b) => a.id.localeCompare(b.id))

describe('a device is known by', () => {
  test('what it tells the DHCP server', async () => {
    const client = {
      mac: host,
      hostname: 'Reception-PC',
      vendor: 'MSFT 5.0',
      clientId: Uint8Array.of(255, 7, 7, 7, 7, 0, 3, 1),
      parameters: [1, 3, 6, 15, 31, 33],
    }
    const { devices } = await inventory(arrive(0, client, '192.0.2.12'))
    const view = viewsOf(devices).find(({ cards }) => cards[0]?.mac === '00-00-5E-00-53-12')
    expect(view).toMatchObject({
      names: [{ name: 'Reception-PC', source: 'dhcp' }],
      dhcp: {
        client_id: 'ff07070707000301',
        parameter_list: '1,3,6,15,31,33',
        vendor_class: 'MSFT 5.0',
      },
      roles: [{ role: 'computer', evidence: 'vendor class MSFT 5.0' }],
    })
  })

  test('what it announces by mDNS: names of its own, not of others', async () => {
    const { devices } = await inventory([
      ask(0, host, '192.0.2.12'),
      mdns(1, host, '192.0.2.12', [
        { name: 'office-printer.local', type: 'A', data: '192.0.2.12' },
        { name: '_ipp._tcp.local', type: 'PTR', data: 'Office._ipp._tcp.local' },
        { name: 'somebody-else.local', type: 'A', data: '192.0.2.99' },
      ]),
    ])
    expect(viewsOf(devices)).toMatchObject([
      {
        names: [{ name: 'office-printer', source: 'mdns' }],
        announced: ['_ipp._tcp'],
        roles: [{ role: 'printer', evidence: 'announces _ipp._tcp' }],
      },
    ])
  })

  test('the ports on which it answers, and whom it talks to', async () => {
    const { devices } = await inventory([
      ask(0, host, '192.0.2.12'),
      ask(0, server, '192.0.2.14'),
      ...connection(1, 9100),
      ...connection(2, 9100),
      ...exchange(
        3,
        [40_001, 53],
        p.dnsQuery('example.org'),
        p.dnsAnswer('example.org', [{ name: 'example.org', data: '198.51.100.1' }]),
      ),
      ...exchange(4, [40_002, 161], new Uint8Array(8)),
      ...exchange(5, [40_003, 45_000], new Uint8Array(8), new Uint8Array(8)),
    ])
    const [client, target] = viewsOf(devices)
    expect(target?.services.map(({ transport, port, name }) => [transport, port, name])).toEqual([
      ['tcp', 9100, 'jetdirect'],
      ['udp', 53, 'dns'],
    ])
    expect(target?.roles.map(({ role }) => role)).toEqual(['resolver', 'printer'])
    expect(client?.services).toEqual([])
    expect(client?.peers).toMatchObject([{ peer: '192.0.2.14', conversations: 4 }])
  })

  test('what it does: a router forwards, advertises and is named by DHCP', async () => {
    const router = burnt(0x15)
    const forwarded = p.ipv4(
      { src: '198.51.100.7', dst: '192.0.2.12' },
      p.tcp({ srcPort: 443, dstPort: 40_000, flags: p.SYN }),
    )
    const { devices } = await inventory([
      ask(0, router, '192.0.2.1', '192.0.2.12'),
      [1, p.ethernet({ src: router, dst: host }, forwarded)],
      acknowledge(2, host, '192.0.2.12', burnt(0x16)),
    ])
    const facts = devices.get(0x00005e, 0x005315)?.profile.facts
    expect(facts?.duties.map(({ duty }) => duty)).toEqual([
      'forwards-packets',
      'named-as-router-by-dhcp',
    ])
    expect(devices.get(0x00005e, 0x005316)?.profile.facts?.has('serves-dhcp')).toBe(true)
  })

  test('all of it after a restart', async () => {
    const environment = await openTemporary()
    const before = await inventory(
      [
        ...arrive(0, { mac: host, hostname: 'one', vendor: 'MSFT 5.0' }, '192.0.2.12'),
        ask(0, server, '192.0.2.14'),
        ...connection(1, 443),
      ],
      { environment },
    )
    const { devices, events } = await inventory([], { environment })
    expect(sorted(devices)).toEqual(sorted(before.devices))
    expect(events).toEqual([])
  })
})

describe('a name that changes', () => {
  test('is told, with the one before; the first is not', async () => {
    const { story, events } = await inventory([
      ...arrive(0, { mac: host, hostname: 'one' }, '192.0.2.12'),
      discover(100, { mac: host, hostname: 'one' }),
      mdns(150, host, '192.0.2.12', [{ name: 'one.local', type: 'A', data: '192.0.2.12' }]),
      discover(200, { mac: host, hostname: 'two' }),
      discover(300, { mac: host, hostname: 'one' }),
    ])
    expect(story).toEqual(['new 12 192.0.2.12', 'renamed 12 192.0.2.12'])
    expect(events[1]).toMatchObject({ name: 'two', previousName: 'one' })
  })
})

describe('whoever tells a lot', () => {
  test('is bounded, and what comes last counts', async () => {
    const frames = Array.from({ length: 300 }, (_, n) => [
      discover(10 + n, { mac: host, hostname: `name-${n}` }),
      mdns(10.5 + n, host, '192.0.2.12', [
        { name: `_s${n}._tcp.local`, type: 'PTR', data: 'x.local' },
      ]),
    ])
    const { devices } = await inventory([ask(0, host, '192.0.2.12'), ...frames.flat()])
    const facts = devices.get(0x00005e, 0x005312)?.profile.facts
    expect(facts?.names).toHaveLength(factLimits.names)
    expect(facts?.hostnames[0]).toBe('name-299')
    expect(facts?.announced).toHaveLength(factLimits.announced)
    expect(facts?.announced.at(-1)).toBe('_s299._tcp')
  })

  const hostile: readonly [string, string | Uint8Array][] = [
    ['steers a terminal', '\u001b]0;gone\u0007\u001b[2J\r\n'],
    ['is as long as can be', 'x'.repeat(255)],
    ['is no UTF-8', Uint8Array.of(0xff, 0xfe, 0x80, 0xc0, 0x41)],
    ['is a formula', '=HYPERLINK("http://example.org")'],
    ['is a property', '__proto__'],
    ['is all zeros', new Uint8Array(20)],
  ]
  test.each(hostile)('and calls itself what %s is remembered all the same', async (_, hostname) => {
    const environment = await openTemporary()
    const client = { mac: made(1), hostname: hostname as string, vendor: hostname as string }
    const { devices, events } = await inventory(arrive(0, client, '192.0.2.20'), { environment })
    expect(events).toMatchObject([{ action: 'device-new', sourceIp: '192.0.2.20' }])
    for (const name of events[0]?.names ?? []) expect(name.length).toBeLessThanOrEqual(255)
    const again = await inventory([announce(60, made(1), '192.0.2.20')], { environment })
    expect(again.events).toEqual([])
    expect(again.devices.counts.damaged).toBe(0)
    const names = (all: typeof devices) => sorted(all).map(view => view.names)
    expect(names(again.devices)).toEqual(names(devices))
  })
})
