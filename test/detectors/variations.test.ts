import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import {
  around,
  ask,
  background,
  datagram,
  fresh,
  host,
  https,
  lookup,
  macOf,
  many,
  probe,
  router,
  segment,
  send,
  talk,
} from './lan.ts'
import { random } from './names.ts'
import { alerts, type Timed } from './replayed.ts'

// How other tools do what the other tests do: each in a network where people read pages, by the shipped rules.

const bad = host(20)
const victim = host(21)
const away = '45.33.32.156'
/** Alerts that say what is new to a sensor without memory. */
const news = new Set(['Device Reaches a Country It Never Reached Before'])

/** Titles of what is told of these packets, each once. */
async function titles(packets: readonly Timed[], seconds: number): Promise<string[]> {
  const told = await alerts([...background(seconds), ...packets])
  return [...new Set(told.map(({ rule }) => rule.name))].filter(name => !news.has(name)).sort()
}

type Told = readonly [what: string, title: string, packets: () => Timed[], seconds?: number]

function claim(at: number, options: Parameters<typeof p.arp>[0], dst: string): Timed {
  return {
    at,
    frame: p.ethernet({ src: macOf(bad), dst }, p.arp({ senderMac: macOf(bad), ...options })),
  }
}

const scans: readonly Told[] = [
  [
    'masscan, one source port',
    'Sweep for Hosts From Inside',
    () => many(200, i => probe(100 + i * 0.01, [bad, 61_000], [host(((i * 97) % 254) + 1), 445])),
  ],
  [
    'nmap -T1, a port each 15 s',
    'Port Scan From Inside',
    () => many(40, i => probe(100 + i * 15, [bad, fresh()], [victim, 1 + ((i * 389) % 1000)])),
    800,
  ],
  [
    'eight ports of ten hosts',
    'Port Scan From Inside',
    () =>
      many(80, i =>
        probe(
          100 + i * 0.05,
          [bad, fresh()],
          [host(100 + (i % 10)), [22, 23, 80, 443, 445, 3389, 5900, 8080][Math.floor(i / 10)] ?? 1],
          'refused',
        ),
      ),
  ],
  [
    'Maimon’s, FIN with ACK',
    'Port Scan From Inside',
    () =>
      many(30, i => [
        segment(100 + i, [bad, 40_000], [victim, 1 + i], p.FIN | p.ACK),
        segment(100.001 + i, [victim, 1 + i], [bad, 40_000], p.RST),
      ]),
  ],
  [
    'ARP by who has no address',
    'Sweep for Hosts From Inside',
    () =>
      many(200, i => [
        claim(100 + i * 0.01, { senderIp: '0.0.0.0', targetIp: host(i + 30) }, 'ff:ff:ff:ff:ff:ff'),
      ]),
  ],
]

const spoofing: readonly Told[] = [
  [
    'both ways, by unicast answers alone',
    'ARP Spoofing',
    () =>
      many(30, i => [
        claim(100 + i * 2, { operation: 2, senderIp: router, targetIp: victim }, macOf(victim)),
        claim(100.1 + i * 2, { operation: 2, senderIp: victim, targetIp: router }, macOf(router)),
      ]),
  ],
  [
    'of two peers',
    'ARP Spoofing',
    () =>
      many(60, i => [
        claim(100 + i * 2, { operation: 2, senderIp: host(22), targetIp: victim }, macOf(victim)),
        claim(
          100.1 + i * 2,
          { operation: 2, senderIp: victim, targetIp: host(22) },
          macOf(host(22)),
        ),
      ]),
  ],
  [
    'by questions',
    'ARP Spoofing',
    () =>
      many(60, i => [claim(100 + i * 2, { senderIp: router, targetIp: victim }, macOf(victim))]),
  ],
  [
    'by announcements to all',
    'ARP Spoofing',
    () =>
      many(20, i => [
        claim(
          100 + i * 5,
          { operation: 2, senderIp: router, targetIp: router },
          'ff:ff:ff:ff:ff:ff',
        ),
      ]),
  ],
]

/** A client asks, and is offered an address by a card under the id of a server. */
function offer(at: number, xid: number, from: string, gateway: string): Timed[] {
  const clientMac = `02:00:00:00:00:4${xid}`
  const discover = p.udp(
    { srcPort: 68, dstPort: 67 },
    p.dhcp({ type: p.DHCP_DISCOVER, clientMac, xid }),
  )
  const lease = { yourIp: host(99), serverIp: router, router: gateway, dns: [gateway], lease: 3600 }
  const reply = p.udp(
    { srcPort: 67, dstPort: 68 },
    p.dhcp({ type: p.DHCP_OFFER, clientMac, xid, ...lease }),
  )
  return [
    {
      at,
      frame: p.ethernet(
        { src: clientMac, dst: 'ff:ff:ff:ff:ff:ff' },
        p.ipv4({ src: '0.0.0.0', dst: '255.255.255.255' }, discover),
      ),
    },
    {
      at: at + 0.01,
      frame: p.ethernet(
        { src: macOf(from), dst: clientMac },
        p.ipv4({ src: router, dst: host(99) }, reply),
      ),
    },
  ]
}

const tunnels = 'Data Hidden in DNS Names'
const hex = (i: number, length: number) => random(i, length, '0123456789abcdef')
const text = (name: string, length: number, i: number) => [
  { name, type: 'TXT' as const, data: [random(i, length)] },
]
const asking = (count: number, every: number, nameOf: (i: number) => string, length: number) =>
  many(count, i =>
    ask(
      { at: 100 + i * every, from: bad, name: nameOf(i), type: 'TXT' },
      text(nameOf(i), length, i),
    ),
  )

const names: readonly Told[] = [
  [
    'dnscat2',
    tunnels,
    () => asking(60, 1, i => `${hex(i, 18)}.${hex(i + 1, 60)}.tun.evil.com`, 18),
  ],
  ['dns2tcp', tunnels, () => asking(60, 1, i => `${random(i, 48)}.=auth.d2t.evil.com`, 80)],
  [
    'a download in texts, whose names only count up',
    tunnels,
    () => asking(300, 1, i => `c${i}.evil.com`, 240),
  ],
  [
    'dnscat2 that waits, a name each five seconds of three types in turn',
    tunnels,
    () =>
      many(40, i => {
        const name = `${hex(i, 34)}.evil.com`
        const type = (['TXT', 'CNAME', 'MX'] as const)[i % 3] ?? 'TXT'
        return ask({ at: 60 + i * 5, from: bad, name, type }, text(name, 34, i))
      }),
  ],
  [
    'a file in a dozen names, as long as they may be',
    tunnels,
    () =>
      many(12, i =>
        ask({ at: 60 + i * 15, from: bad, name: `${hex(i, 60)}.${hex(i + 50, 60)}.evil.com` }, []),
      ),
  ],
  [
    'a server of DHCP that poses as the network’s own',
    'Rogue DHCP Server',
    () => [
      ...offer(50, 1, router, router),
      ...offer(200, 2, router, router),
      ...offer(200.002, 2, bad, bad),
    ],
  ],
  [
    'guessing at a server of mail',
    'Password Guessing',
    () =>
      many(60, i =>
        talk({ at: 100 + i * 2, from: bad, to: victim, port: 143, says: [8, 100, 70, 100] }),
      ),
  ],
]

/** An upload of so many MB: heads of long packets. */
function upload(at: number, to: string, megabytes: number): Timed[] {
  const source = fresh()
  const count = Math.ceil((megabytes * 1e6) / 60_000)
  const data = many(count, i => {
    const whole = send(
      at + 1 + (100 * i) / count,
      bad,
      to,
      p.tcp(
        { srcPort: source, dstPort: 443, flags: p.ACK, seq: 4000 + i * 60_000 },
        new Uint8Array(60_000),
      ),
    )
    return [{ ...whole, frame: whole.frame.slice(0, 100), wirelen: whole.frame.length }]
  })
  return [
    ...talk({ at, from: bad, to, port: 443, source, says: [500, 3000], seconds: 0.5, end: 'none' }),
    ...data,
  ]
}

const echoes = (at: number, seq: number, bytes: readonly [number, number]) => [
  send(at, bad, away, p.echo({ id: 7, seq }, p.noise(bytes[0], seq + 1))),
  send(at + 0.03, away, bad, p.echo({ id: 7, seq, reply: true }, p.noise(bytes[1], seq + 1))),
]
const pings: readonly Told[] = [
  [
    'big pings, ten a second',
    'Data Hidden in Pings',
    () => many(600, i => echoes(60 + i * 0.1, i, [1400, 1400])),
  ],
  [
    'pings of many sizes, each answered alike',
    'Data Hidden in Pings',
    () => many(150, i => echoes(60 + i, i, [90 + ((i * 7) % 40), 90 + ((i * 7) % 40)])),
  ],
]

const uploads: readonly Told[] = [
  [
    'an upload spread over names of one domain',
    'Large Upload to a New Destination',
    () =>
      many(8, i => [
        ...lookup(99 + i, bad, `n${i}.evil.com`, `45.33.32.${10 + i}`),
        ...upload(100 + i, `45.33.32.${10 + i}`, 80),
      ]),
  ],
  [
    'an upload by QUIC',
    'Large Upload to a New Destination',
    () => [
      ...lookup(99, bad, 'drop.evil.com', away),
      ...many(2500, i => {
        const whole = datagram(100 + i * 0.05, [bad, 50_443], [away, 443], new Uint8Array(60_000))
        const head = { ...whole, frame: whole.frame.slice(0, 100), wirelen: whole.frame.length }
        return i % 20 === 0
          ? [head, datagram(whole.at + 0.01, [away, 443], [bad, 50_443], p.noise(40, i))]
          : [head]
      }),
    ],
  ],
]

describe('is told, and nothing else:', () => {
  const all = [...scans, ...spoofing, ...names, ...pings, ...uploads]
  test.each(all.map(([what, ...rest]) => [what, rest] as const))('%s', async (_, rest) => {
    const [title, packets, seconds = 300] = rest
    expect(await titles(packets(), seconds)).toEqual([title])
  })

  test.each([
    [30, 0.5],
    [300, 0.5],
    [3600, 0.2],
  ])('a beacon each %d s, give or take a share of %f', async (every, jitter) => {
    const count = Math.ceil((every < 3600 ? 5 : 24) * (3600 / every))
    let at = 120
    const packets = many(count, i => {
      at += around(every, jitter, i + every)
      return https({ at, from: bad, name: 'sync.evil.com', ip: away, up: 300, down: 180 })
    })
    expect(await titles(packets, 600)).toEqual(['Regular Connections to a New Destination'])
  })
})
