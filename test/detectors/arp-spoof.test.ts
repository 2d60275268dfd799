import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'

const signals = signalsOf('arp-spoof')

const all = 'ff:ff:ff:ff:ff:ff'
const gateway = { mac: '00:00:5e:00:53:01', ip: '192.168.1.1' }
const victim = { mac: '00:00:5e:00:53:0a', ip: '192.168.1.10' }
const other = { mac: '00:00:5e:00:53:0b', ip: '192.168.1.11' }
const attacker = { mac: '00:00:5e:00:53:66', ip: '192.168.1.66' }
const attackerMac = '00-00-5E-00-53-66'

interface Host {
  readonly mac: string
  readonly ip: string
}

const asks = (at: number, from: Host, targetIp: string): Timed => ({
  at,
  frame: p.ethernet(
    { src: from.mac, dst: all },
    p.arp({ senderMac: from.mac, senderIp: from.ip, targetIp }),
  ),
})

const answers = (at: number, from: Host, to: Host): Timed => ({
  at,
  frame: p.ethernet(
    { src: from.mac, dst: to.mac },
    p.arp({
      operation: 2,
      senderMac: from.mac,
      senderIp: from.ip,
      targetMac: to.mac,
      targetIp: to.ip,
    }),
  ),
})

const announces = (at: number, { mac, ip }: Host): Timed => ({
  at,
  frame: p.ethernet({ src: mac, dst: all }, p.arp({ senderMac: mac, senderIp: ip, targetIp: ip })),
})

/** Two hosts ask for the gateway and it for them, every half minute. */
function ordinary(from: number, to: number): Timed[] {
  const rounds = Array.from({ length: Math.floor((to - from) / 30) }, (_, i) => from + 30 * i)
  return rounds.flatMap(at => [
    asks(at, victim, gateway.ip),
    answers(at + 0.001, gateway, victim),
    asks(at + 5, gateway, other.ip),
    answers(at + 5.001, other, gateway),
  ])
}

/** A connection to the outside by the gateway, which shows whose MAC that is. */
const surfing: Timed[] = [1, 2].map(at => ({
  at,
  frame: p.ethernet(
    { src: victim.mac, dst: gateway.mac },
    p.ipv4(
      { src: victim.ip, dst: '198.51.100.7' },
      p.tcp({ srcPort: 40_000 + at, dstPort: 443, flags: p.SYN }),
    ),
  ),
}))

const dhcpAck = (at: number, mac: string, ip: string): Timed => ({
  at,
  frame: p.ethernet(
    { src: gateway.mac, dst: mac },
    p.ipv4(
      { src: gateway.ip, dst: ip },
      p.udp(
        { srcPort: 67, dstPort: 68 },
        p.dhcp({ type: p.DHCP_ACK, clientMac: mac, yourIp: ip, serverIp: gateway.ip }),
      ),
    ),
  ),
})

/** As arpspoof and ettercap do: an answer nobody asked for, every two seconds. */
const poison = (from: number, to: number, claimed: Host, told: Host): Timed[] =>
  Array.from({ length: Math.floor((to - from) / 2) }, (_, i) =>
    answers(from + 2 * i, { mac: attacker.mac, ip: claimed.ip }, told),
  )

describe('arp-spoof', () => {
  test('says that the gateway is being played, with the first answer', async () => {
    const packets = [...ordinary(0, 300), ...surfing, ...poison(200.5, 260, gateway, victim)]
    const [first, ...more] = await signals(packets)
    expect(first).toMatchObject({
      message: `Signal: ${attackerMac} claims 192.168.1.1, the address of a router, which belongs to 00-00-5E-00-53-01`,
      '@timestamp': expect.stringContaining('08:03:20'),
      source: { mac: attackerMac, ip: '192.168.1.1' },
      orthrus: {
        signal: {
          name: 'arp-spoof',
          entity: attackerMac,
          score: 0.8,
          evidence: { gateway: true, owner: '00-00-5E-00-53-01', unsolicited: 1 },
        },
      },
    })
    // Once more when the true gateway is heard of: then it is certain.
    expect(more.map(({ orthrus }) => orthrus.signal.score)).toEqual([1])
  })

  test('man in the middle, both ways, is one alert of level high', async () => {
    const packets = [
      ...ordinary(0, 300),
      ...surfing,
      ...poison(200.5, 300, gateway, victim),
      ...poison(200.6, 300, victim, gateway),
    ]
    expect(await alerts(packets)).toMatchObject([
      { rule: { name: 'ARP Spoofing' }, event: { severity: 73 }, source: { mac: attackerMac } },
    ])
  })

  test('two hosts that are played with each other are seen too', async () => {
    const packets = [
      ...ordinary(0, 300),
      ...poison(200, 300, victim, other),
      ...poison(200.1, 300, other, victim),
    ]
    const told = await signals(packets)
    expect(told.at(-1)).toMatchObject({ orthrus: { signal: { entity: attackerMac } } })
    expect(told.at(-1)?.orthrus.signal.score).toBeGreaterThanOrEqual(0.7)
  })

  test('who insists is suspected, also when he was there before the owner spoke', async () => {
    const packets = [
      ...poison(0, 60, gateway, victim),
      asks(30, victim, gateway.ip),
      answers(30.001, gateway, victim),
    ]
    expect(await signals(packets)).toMatchObject([{ orthrus: { signal: { entity: attackerMac } } }])
  })

  test('a neighbour advertisement that nobody asked for is the same in IPv6', async () => {
    const own = (at: number, mac: string, solicited: boolean): Timed => ({
      at,
      frame: p.ethernet(
        { src: mac, dst: victim.mac },
        p.ipv6(
          { src: 'fe80::1', dst: 'fe80::a', hopLimit: 255 },
          p.neighborAdvertisement({ target: 'fe80::1', targetMac: mac, solicited, override: true }),
        ),
      ),
    })
    const packets = [
      own(0, gateway.mac, true),
      ...Array.from({ length: 5 }, (_, i) => own(10 + 2 * i, attacker.mac, false)),
      own(15, gateway.mac, true),
    ]
    const told = await signals(packets)
    expect(told.map(({ orthrus }) => orthrus.signal.entity)).toEqual([attackerMac, attackerMac])
    expect(told[0]?.orthrus.signal.evidence['protocol']).toBe('ndp')
  })
})

describe('arp-spoof is quiet', () => {
  test.each<[string, Timed[]]>([
    ['on an ordinary link', ordinary(0, 900)],
    [
      'when DHCP gives an address to another device',
      [
        ...ordinary(0, 60),
        dhcpAck(70, attacker.mac, victim.ip),
        announces(70.1, { mac: attacker.mac, ip: victim.ip }),
        asks(71, { mac: attacker.mac, ip: victim.ip }, gateway.ip),
      ],
    ],
    [
      'when a virtual router moves between machines',
      [
        ...ordinary(0, 60),
        announces(61, { mac: '00:00:5e:00:01:07', ip: gateway.ip }),
        answers(62, { mac: '00:00:5e:00:01:07', ip: gateway.ip }, victim),
        answers(63, gateway, victim),
      ],
    ],
    [
      'when an address is found on another card after its owner has left',
      [
        ...ordinary(0, 60),
        asks(600, { mac: attacker.mac, ip: other.ip }, gateway.ip),
        answers(601, { mac: attacker.mac, ip: other.ip }, gateway),
      ],
    ],
    [
      'when the gateway has got another card',
      [
        ...ordinary(0, 60),
        ...surfing,
        announces(400, { mac: attacker.mac, ip: gateway.ip }),
        asks(401, victim, gateway.ip),
        answers(401.001, { mac: attacker.mac, ip: gateway.ip }, victim),
      ],
    ],
  ])('%s', async (_, packets) => {
    expect(await signals(packets)).toEqual([])
  })

  test('about addresses that it is told to leave alone', async () => {
    const packets = [...ordinary(0, 300), ...poison(200, 260, gateway, victim)]
    const detectors = { 'arp-spoof': { ignore: ['192.168.1.1/32'] } }
    expect(await signals(packets, { detectors })).toEqual([])
  })
})
