import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { openTemporary } from '../storage/open.ts'
import {
  acknowledge,
  announce,
  ask,
  burnt,
  discover,
  inventory,
  made,
  type Timed,
} from './inventory.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const [gateway, host, other] = [burnt(0x11), burnt(0x12), burnt(0x13)]

/** It is there and uses its address now and then. */
const uses = (mac: string, ip: string, from: number, to: number, step = 30): Timed[] =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, n) => ask(from + n * step, mac, ip))

describe('an address that another card takes', () => {
  test('is told, with whose it was; and each time it comes back, once a minute', async () => {
    const { story, events } = await inventory([
      ask(0, gateway, '192.0.2.1', '192.0.2.9'),
      ask(1, other, '192.0.2.13'),
      announce(100, other, '192.0.2.1'),
      ...Array.from({ length: 50 }, (_, n) => announce(101 + n * 2, gateway, '192.0.2.1')),
      ...Array.from({ length: 50 }, (_, n) => announce(102 + n * 2, other, '192.0.2.1')),
    ])
    expect(story).toEqual([
      'new 11 192.0.2.1',
      'new 13 192.0.2.13',
      'address-changed 13 192.0.2.1',
      'flip-flop 11 192.0.2.1',
      'flip-flop 13 192.0.2.1',
      'flip-flop 11 192.0.2.1',
      'flip-flop 13 192.0.2.1',
    ])
    expect(events[2]?.previous).toMatchObject({
      deviceId: events[0]?.deviceId,
      mac: '00-00-5E-00-53-11',
      lastSeen: events[0]?.firstSeen,
    })
  })

  test('is told of a card that nobody knew, too, behind the news that it is there', async () => {
    const { story } = await inventory([
      ask(0, gateway, '192.0.2.1', '192.0.2.9'),
      announce(100, made(0x66), '192.0.2.1'),
    ])
    expect(story).toEqual(['new 11 192.0.2.1', 'new 66 192.0.2.1', 'address-changed 66 192.0.2.1'])
  })

  test('is nobody’s when its owner has been gone for a day', async () => {
    const { story, events } = await inventory([
      ask(0, host, '192.0.2.12'),
      ask(1, other, '192.0.2.13'),
      announce(day + 2, other, '192.0.2.12'),
    ])
    expect(story.slice(2)).toEqual(['new-address 13 192.0.2.12'])
    expect(events[2]?.previous).toMatchObject({ mac: '00-00-5E-00-53-12' })
  })

  test('a probe and a packet with it do not take it', async () => {
    const syn = p.ipv4(
      { src: '192.0.2.12', dst: '198.51.100.1' },
      p.tcp({ srcPort: 1, dstPort: 2, flags: p.SYN }),
    )
    const { story } = await inventory([
      ask(0, host, '192.0.2.12'),
      ask(1, gateway, '192.0.2.1', '192.0.2.12'),
      [
        2,
        p.ethernet(
          { src: other },
          p.arp({ senderMac: other, senderIp: '0.0.0.0', targetIp: '192.0.2.12' }),
        ),
      ],
      // A router that hands packets back into the link where hosts may not talk to each other.
      [3, p.ethernet({ src: gateway }, syn)],
      ask(4, host, '192.0.2.12'),
    ])
    expect(story).toEqual(['new 12 192.0.2.12', 'new 11 192.0.2.1'])
  })

  test('on another VLAN is another address', async () => {
    const tagged = (id: number, mac: string) =>
      p.ethernet(
        { src: mac },
        p.vlan({ id }, p.arp({ senderMac: mac, senderIp: '192.0.2.1', targetIp: '192.0.2.9' })),
      )
    const { story } = await inventory([
      [0, tagged(10, host)],
      [1, tagged(20, other)],
      [2, tagged(10, host)],
    ])
    expect(story).toEqual(['new 12 192.0.2.1', 'new 13 192.0.2.1'])
  })

  test('who has it is known after a restart', async () => {
    const environment = await openTemporary()
    await inventory(
      [ask(0, host, '192.0.2.12'), ask(1, other, '192.0.2.13'), announce(9, other, '192.0.2.12')],
      { environment },
    )
    const { story } = await inventory(
      [announce(20, other, '192.0.2.12'), announce(30, host, '192.0.2.12')],
      { environment },
    )
    expect(story).toEqual(['flip-flop 12 192.0.2.12'])
  })
})

describe('what networks do every day', () => {
  test('DHCP gives an address to the next one: no alarm', async () => {
    const lease = (at: number, mac: string): Timed[] => [
      discover(at, { mac, requested: '192.0.2.50' }, p.DHCP_REQUEST),
      acknowledge(at + 0.1, mac, '192.0.2.50'),
      announce(at + 0.2, mac, '192.0.2.50'),
    ]
    const { story } = await inventory([
      ...lease(0, host),
      ...lease(hour, other),
      ...lease(2 * hour, host),
      ...lease(3 * hour, other),
    ])
    expect(story).toEqual(['new 12 192.0.2.50', 'new 13 192.0.2.50'])
  })

  test('but asking a DHCP server for an address that is in use is no excuse', async () => {
    const { story } = await inventory([
      ...uses(gateway, '192.0.2.1', 0, hour),
      ask(1, other, '192.0.2.13'),
      discover(hour - 60, { mac: other, requested: '192.0.2.1' }, p.DHCP_REQUEST),
      announce(hour - 59, other, '192.0.2.1'),
    ])
    expect(story).toContain('address-changed 13 192.0.2.1')
  })

  test.each([
    ['VRRP', '00:00:5e:00:01:07'],
    ['HSRP', '00:00:0c:07:ac:01'],
  ])('a failover of %s moves the address with its virtual MAC', async (_, virtual) => {
    const says = (at: number, frame: string) => announce(at, virtual, '192.0.2.1', frame)
    const { story } = await inventory([
      ask(0, host, '192.0.2.2'),
      ask(1, other, '192.0.2.3'),
      ...[10, 20, 30].map(at => says(at, host)),
      ...[40, 50, 60].map(at => says(at, other)),
      ...[70, 80].map(at => says(at, host)),
    ])
    expect(story).toEqual(['new 12 192.0.2.2', 'new 13 192.0.2.3'])
  })

  test('two routers that speak VRRP without a virtual MAC may take it from each other', async () => {
    const advertise = (at: number, mac: string, src: string): Timed => [
      at,
      p.ethernet(
        { src: mac, dst: '01:00:5e:00:00:12' },
        p.ipv4({ src, dst: '224.0.0.18', protocol: 112, ttl: 255 }, new Uint8Array(16)),
      ),
    ]
    const { events } = await inventory([
      ask(0, host, '192.0.2.2'),
      ask(1, other, '192.0.2.3'),
      advertise(2, host, '192.0.2.2'),
      announce(3, host, '192.0.2.1'),
      advertise(100, other, '192.0.2.3'),
      announce(101, other, '192.0.2.1'),
      announce(200, host, '192.0.2.1'),
    ])
    const actions = events.map(({ action, failover }) => (failover ? `${action}*` : action))
    expect(actions).toEqual([
      'device-new',
      'device-new',
      'device-new-address',
      'device-new-address*',
    ])
    expect(events[3]?.roles).toEqual([{ role: 'router', evidence: 'speaks-router-redundancy' }])
  })

  test('a router that answers ARP for a whole network is told once a minute for each address', async () => {
    const hosts = Array.from({ length: 10 }, (_, n) => burnt(0x20 + n))
    const frames = hosts.flatMap((mac, n) => [
      ask(n, mac, `192.0.2.${100 + n}`),
      ...Array.from({ length: 20 }, (_, round) =>
        ask(20 + round + n / 20, mac, `192.0.2.${100 + n}`),
      ),
      ...Array.from({ length: 20 }, (_, round) =>
        announce(20.5 + round + n / 20, gateway, `192.0.2.${100 + n}`),
      ),
    ])
    const { events } = await inventory([ask(0, gateway, '192.0.2.1', '192.0.2.9'), ...frames])
    const changes = events.filter(({ action }) => /changed|flip/.test(action))
    expect(changes).toHaveLength(30)
  })
})

describe('silence', () => {
  const watch = [{ device: '00:00:5e:00:53:12', after: 10 * minute * 1e6 }]

  test('of a device that is watched is told once, as it was due, and so is its return', async () => {
    const { events, story } = await inventory(
      [
        ...uses(other, '192.0.2.13', 0, 2 * hour),
        ...uses(host, '192.0.2.12', 0, 31, 10),
        ask(hour, host, '192.0.2.12'),
      ],
      { watch },
    )
    expect(story).toEqual([
      'new 13 192.0.2.13',
      'new 12 192.0.2.12',
      'silent 12 192.0.2.12',
      'returned 12 192.0.2.12',
      'silent 12 192.0.2.12',
    ])
    const [, met, silent, back] = events
    expect((silent?.time ?? 0) - (met?.time ?? 0)).toBe((20 + 10 * minute) * 1e6)
    expect(back?.silence).toBe((hour - 20) * 1e6)
  })

  test('is told though nothing at all came meanwhile', async () => {
    const { story } = await inventory([ask(0, host, '192.0.2.12'), ask(hour, host, '192.0.2.12')], {
      watch: [{ device: '00-00-5E-00-53-12', after: 5 * minute * 1e6 }],
    })
    // Ten minutes without a packet are taken for a time in which nobody watched.
    expect(story).toEqual(['new 12 192.0.2.12', 'silent 12 192.0.2.12', 'returned 12 192.0.2.12'])
  })

  test('while the sensor was off is none', async () => {
    const environment = await openTemporary()
    await inventory(uses(host, '192.0.2.12', 0, 120), { environment, watch })
    const { story } = await inventory(uses(other, '192.0.2.13', day, day + 5 * minute), {
      environment,
      watch,
    })
    expect(story).toEqual(['new 13 192.0.2.13'])
    const later = await inventory(uses(other, '192.0.2.13', day + 5 * minute, day + hour), {
      environment,
      watch,
    })
    expect(later.story).toEqual(['silent 12 192.0.2.12'])
    const again = await inventory(uses(other, '192.0.2.13', day + hour, day + 2 * hour), {
      environment,
      watch,
    })
    expect(again.story).toEqual([])
  })

  test('that was long makes a return', async () => {
    const returnedAfter = 2 * hour * 1e6
    const { story } = await inventory(
      [
        ask(0, host, '192.0.2.12'),
        ...uses(other, '192.0.2.13', 0, 4 * hour),
        ask(hour, host, '192.0.2.12'),
        ask(3.5 * hour, host, '192.0.2.12'),
      ],
      { returnedAfter },
    )
    expect(story).toEqual(['new 12 192.0.2.12', 'new 13 192.0.2.13', 'returned 12 192.0.2.12'])
  })
})
