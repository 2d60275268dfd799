import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'

const signals = signalsOf('dhcp')

const hour = 3600
const gateway = { mac: '00:00:5e:00:53:01', ip: '192.168.1.1' }
const second = { mac: '00:00:5e:00:53:02', ip: '192.168.1.2' }
const rogue = { mac: '00:00:5e:00:53:66', ip: '192.168.1.66' }
const clientMac = '00:00:5e:00:53:0a'

type Options = Parameters<typeof p.dhcp>[0]

const fromClient = (at: number, options: Options, src = options.clientMac): Timed => ({
  at,
  frame: p.ethernet(
    { src, dst: 'ff:ff:ff:ff:ff:ff' },
    p.ipv4(
      { src: '0.0.0.0', dst: '255.255.255.255' },
      p.udp({ srcPort: 68, dstPort: 67 }, p.dhcp(options)),
    ),
  ),
})

const fromServer = (at: number, server: typeof rogue, options: Options): Timed => ({
  at,
  frame: p.ethernet(
    { src: server.mac, dst: 'ff:ff:ff:ff:ff:ff' },
    p.ipv4(
      { src: server.ip, dst: '255.255.255.255' },
      p.udp({ srcPort: 67, dstPort: 68 }, p.dhcp({ serverIp: server.ip, ...options })),
    ),
  ),
})

const lease = (at: number, xid: number, server = gateway, router = gateway.ip): Timed[] => {
  const offered = { clientMac, xid, yourIp: '192.168.1.50', router, dns: [router] }
  return [
    fromClient(at, { type: p.DHCP_DISCOVER, clientMac, xid }),
    fromServer(at + 0.01, server, { type: p.DHCP_OFFER, ...offered }),
    fromClient(at + 0.02, { type: p.DHCP_REQUEST, clientMac, xid, requested: '192.168.1.50' }),
    fromServer(at + 0.03, server, { type: p.DHCP_ACK, ...offered }),
  ]
}

const offers = (at: number, xid: number, server: typeof rogue, router: string) =>
  fromServer(at, server, {
    type: p.DHCP_OFFER,
    clientMac,
    xid,
    yourIp: '192.168.1.200',
    router,
    dns: [router],
  })

const mac = (i: number) => `00:16:3e:00:00:${i.toString(16).padStart(2, '0')}`

describe('dhcp: a rogue server', () => {
  test('answers the same question with another router', async () => {
    const packets = [...lease(0, 1), ...lease(60, 2), offers(60.015, 2, rogue, rogue.ip)]
    expect(await alerts(packets)).toMatchObject([
      {
        rule: { name: 'Rogue DHCP Server' },
        event: { severity: 73 },
        orthrus: {
          signal: {
            name: 'dhcp-rogue',
            entity: rogue.ip,
            score: 0.85,
            evidence: { server_mac: '00-00-5E-00-53-66', known: gateway.ip, routers: [rogue.ip] },
          },
        },
      },
    ])
  })

  test('is the one that was not there before, also when it answers first', async () => {
    const packets = [...lease(0, 1), ...lease(60, 2), offers(60.005, 2, rogue, rogue.ip)]
    const told = await signals(packets, { learn: hour * 1e6 })
    expect(told).toMatchObject([{ orthrus: { signal: { entity: rogue.ip } } }])
  })

  test('answers alone, when another has always done so', async () => {
    const usual = Array.from({ length: 30 }, (_, i) => lease(i * hour, i)).flat()
    const packets = [...usual, ...lease(30 * hour, 77, rogue, rogue.ip)]
    const told = await signals(packets, { learn: 4 * hour * 1e6 })
    expect(told).toMatchObject([
      {
        orthrus: { signal: { entity: rogue.ip, score: 0.75, evidence: { same_question: false } } },
      },
    ])
  })

  test('is every server that is not named, where they are named', async () => {
    const detectors = { dhcp: { servers: ['192.168.1.1/32'] } }
    const told = await signals([...lease(0, 1), ...lease(9, 2, rogue)], { detectors, learn: 1e12 })
    expect(told).toMatchObject([{ orthrus: { signal: { entity: rogue.ip, score: 0.95 } } }])
  })
})

describe('dhcp: clients', () => {
  test('many out of one card are starvation', async () => {
    const packets = Array.from({ length: 200 }, (_, i) =>
      fromClient(i * 0.05, { type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i }, rogue.mac),
    )
    expect(await alerts(packets)).toMatchObject([
      {
        rule: { name: 'DHCP Starvation' },
        orthrus: { signal: { entity: '00-00-5E-00-53-66', evidence: { clients: 25 } } },
      },
    ])
  })

  test('many cards that nobody knows are too', async () => {
    const packets = Array.from({ length: 200 }, (_, i) =>
      fromClient(i * 0.05, { type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i }),
    )
    expect(await alerts(packets)).toMatchObject([
      { orthrus: { signal: { name: 'dhcp-starvation', score: 0.7, evidence: { clients: 50 } } } },
    ])
  })

  test('of whom nobody knows the address have none in the alert; their card and port are named', async () => {
    const packets = [
      ...lease(0, 1),
      ...Array.from({ length: 200 }, (_, i) =>
        fromClient(60 + i * 0.05, { type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i }, rogue.mac),
      ),
    ]
    const [told] = await alerts(packets)
    expect(told).toMatchObject({
      source: { mac: '00-00-5E-00-53-66' },
      server: { ip: gateway.ip },
      observer: { ingress: { interface: { name: expect.any(String) } } },
    })
    expect(JSON.stringify(told)).not.toContain('"0.0.0.0"')
    // The client of the last message is as made up as the others.
    expect(told).not.toHaveProperty('client')
  })

  test('made up by many cards are the trouble of the segment', async () => {
    const tagged = (at: number, i: number): Timed => ({
      at,
      frame: p.ethernet(
        { src: mac(i), dst: 'ff:ff:ff:ff:ff:ff' },
        p.vlan(
          { id: 30 },
          p.ipv4(
            { src: '0.0.0.0', dst: '255.255.255.255' },
            p.udp(
              { srcPort: 68, dstPort: 67 },
              p.dhcp({ type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i }),
            ),
          ),
        ),
      ),
    })
    const [told] = await alerts(Array.from({ length: 200 }, (_, i) => tagged(i * 0.05, i)))
    expect(told).toMatchObject({
      network: { vlan: { id: '30' } },
      orthrus: { signal: { entity: 'VLAN 30', evidence: { clients: 50 } } },
    })
    expect(told).not.toHaveProperty('source')
  })

  test('one that wants one address after the other is told of', async () => {
    const packets = Array.from({ length: 20 }, (_, i) =>
      fromClient(i, { type: p.DHCP_REQUEST, clientMac, xid: i, requested: `192.168.1.${i}` }),
    )
    expect(await signals(packets)).toMatchObject([
      { orthrus: { signal: { name: 'dhcp-scan', evidence: { addresses: 8 } } } },
    ])
  })
})

describe('dhcp is quiet', () => {
  const arp = (at: number, i: number): Timed => ({
    at,
    frame: p.ethernet(
      { src: mac(i), dst: 'ff:ff:ff:ff:ff:ff' },
      p.arp({ senderMac: mac(i), senderIp: `192.168.2.${i}`, targetIp: '192.168.2.254' }),
    ),
  })
  const cut = Array.from({ length: 200 }, (_, i) => i)

  test.each<[string, Timed[]]>([
    ['about one server', Array.from({ length: 50 }, (_, i) => lease(i * 600, i)).flat()],
    [
      'about two that are there on purpose',
      Array.from({ length: 50 }, (_, i) => [
        ...lease(i * 600, i),
        offers(i * 600 + 0.015, i, second, gateway.ip),
      ]).flat(),
    ],
    [
      'about 20 guests in a minute',
      cut
        .slice(0, 20)
        .map(i => fromClient(i, { type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i })),
    ],
    [
      'about 200 known devices after a power cut',
      [
        ...cut.map(i => arp(i, i)),
        ...cut.map(i =>
          fromClient(1000 + i * 0.1, { type: p.DHCP_DISCOVER, clientMac: mac(i), xid: i }),
        ),
      ],
    ],
  ])('%s', async (_, packets) => {
    const told = await signals(packets)
    expect(told.filter(({ orthrus }) => orthrus.signal.score >= 0.5)).toEqual([])
  })
})
