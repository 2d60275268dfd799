import { expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import {
  ask,
  background,
  chance,
  datagram,
  fresh,
  host,
  https,
  lookup,
  macOf,
  many,
  probe,
  router,
  send,
  talk,
} from './lan.ts'
import { random } from './names.ts'
import { alerts, type Timed } from './replayed.ts'

// What looks like an attack and is none, in a capture of its own as somebody would replay it: nothing is told.

const own = host(20)
const monitor = host(24)
const mail = host(25)
const hosts = 60

function announced(at: number, card: string, ip: string): Timed {
  const content = p.arp({ senderMac: card, senderIp: ip, targetIp: ip })
  return { at, frame: p.ethernet({ src: card, dst: 'ff:ff:ff:ff:ff:ff' }, content) }
}

function ping(at: number, from: string, to: string, seq: number, isAnswered = true): Timed[] {
  const asked = send(at, from, to, p.echo({ id: 7, seq }))
  return isAnswered
    ? [asked, send(at + 0.001, to, from, p.echo({ id: 7, seq, reply: true }))]
    : [asked]
}

function both(
  at: number,
  one: readonly [string, number],
  other: readonly [string, number],
  length: number,
): Timed[] {
  return [
    datagram(at, one, other, p.noise(length, 1)),
    datagram(at + 0.04, other, one, p.noise(length, 2)),
  ]
}

const portal = ['connectivitycheck.gstatic.com', 'captive.apple.com', 'www.google.com']
const asked = (at: number, i: number, ip: string) => {
  const name = portal[i % 3] ?? ''
  return ask({ at, from: own, name }, [{ name, type: 'A', ttl: 0, data: ip }])
}

const quarter = 900
const scenes: Readonly<Record<string, () => Timed[]>> = {
  'a captive portal whose lease ends': () => [
    ...many(6, i => asked(20 + i, i, router)),
    ...many(6, i => asked(60 + i, i, `142.250.1.${1 + (i % 3)}`)),
    ...many(6, i => asked(260 + i, i, router)),
  ],
  'a proxy, to which some of the world is down, and a machine inside': () =>
    many(75, i =>
      probe(60 + i * 3, [host(30), fresh()], [i === 40 ? host(99) : `4${i % 9}.${i}.3.5`, 443]),
    ),
  'IPv6 that leads nowhere': () =>
    many(90, i => [
      send(
        60 + i * 2,
        '2001:db8:1::20',
        `2606:4700:${(i % 60).toString(16)}::1`,
        p.tcp({ srcPort: 30_000 + i, dstPort: 443, flags: p.SYN }),
      ),
      ...https({
        at: 60.3 + i * 2,
        from: own,
        name: `v${i % 60}.example.org`,
        ip: `93.${i % 60}.2.3`,
      }),
    ]),
  'a film in pieces of four seconds, by address': () =>
    many(60, i =>
      talk({
        at: 60 + i * 4,
        from: own,
        to: '185.3.3.4',
        port: 80,
        says: [
          p.httpRequest({ host: '185.3.3.4', target: `/seg${i % 10}.ts` }),
          p.httpResponse({}, 'x'.repeat(20_000)),
        ],
      }),
    ),
  'a torrent, whose peers are mostly gone': () => [
    ...many(400, i => {
      const peer = [`${20 + ((i * 7) % 70)}.${(i * 13) % 250}.${i % 200}.7`, 6881 + i * 31] as const
      return i % 3 === 0
        ? both(60 + i * 0.4, [own, 51_413], peer, 100)
        : [datagram(60 + i * 0.4, [own, 51_413], peer, p.noise(60, i))]
    }),
    ...many(100, i =>
      probe(70 + i, [own, fresh()], [`${30 + ((i * 11) % 60)}.${i}.1.9`, 6881 + i * 37]),
    ),
  ],
  'a resolver that asks the servers of all zones': () =>
    many(300, i =>
      many(1, () => {
        const server = [`${40 + ((i * 3) % 50)}.${(i * 5) % 250}.3.53`, 53] as const
        const name = `www.site${i % 120}.com`
        const questions = [{ name, type: 'A' as const }]
        const client = [host(10), fresh()] as const
        return [
          datagram(60 + i * 0.5, client, server, p.dns({ id: i + 1, questions, flags: 0 })),
          datagram(
            60.02 + i * 0.5,
            server,
            client,
            p.dns({
              id: i + 1,
              questions,
              response: true,
              answers: [{ name, type: 'A', ttl: 60, data: `93.7.${i % 250}.1` }],
            }),
          ),
        ]
      }),
    ),
  'a node of a cluster': () => [
    ...many(30, round =>
      many(30, i =>
        talk({
          at: 60 + round * 10 + i * 0.02,
          from: '10.244.1.1',
          to: `10.244.1.${10 + i}`,
          port: 8080,
          seconds: 0.01,
          says: [120, 90],
        }),
      ),
    ),
    ...many(300, i =>
      ask(
        {
          at: 60 + i * 0.8,
          from: '10.244.1.12',
          server: '10.96.0.10',
          name:
            [
              'api.example.com.default.svc.cluster.local',
              'api.example.com.svc.cluster.local',
              `svc${i % 7}.default.svc.cluster.local`,
            ][i % 3] ?? '',
        },
        [],
      ),
    ),
  ],
  'look-ups of keys and policies by a server of mail': () =>
    many(150, i => {
      const name = [`s${i % 4}._domainkey.sender${i}.com`, `_dmarc.sender${i}.com`][i % 2] ?? ''
      return ask({ at: 60 + i, from: mail, name, type: 'TXT' }, [
        { name, type: 'TXT', data: [random(i, 200)] },
      ])
    }),
  'a server of mail whose receivers are partly gone': () =>
    many(120, i =>
      i % 3 === 0
        ? probe(60 + i * 2, [mail, fresh()], [`${50 + (i % 40)}.${i}.4.5`, 25])
        : talk({
            at: 60 + i * 2,
            from: mail,
            to: `${50 + (i % 40)}.${i}.4.5`,
            port: 993,
            says: [300, 500, 3000, 400],
          }),
    ),
  'pings that look how big a packet may be': () =>
    many(40, i => [
      send(60 + i, own, '8.8.8.8', p.echo({ id: 9, seq: i }, p.noise(1472, 1))),
      send(60.02 + i, '8.8.8.8', own, p.echo({ id: 9, seq: i, reply: true }, p.noise(1472, 1))),
    ]),
  'a content network with an address for each minute': () =>
    many(100, i => {
      const [at, ip, edge] = [
        60 + i * 70,
        `23.${60 + (i % 5)}.${i % 40}.10`,
        `e${i % 40}.edge.cdn.net`,
      ]
      const answers = [
        { name: 'img.bigcdn.net', type: 'CNAME' as const, ttl: 20, data: edge },
        { name: edge, type: 'A' as const, ttl: 20, data: ip },
      ]
      return [
        ...ask({ at, from: own, name: 'img.bigcdn.net' }, answers),
        ...https({ at: at + 0.1, from: own, name: 'img.bigcdn.net', ip, asks: false }),
      ]
    }),
  'a monitoring system that pings all each minute and tries their ports, some of them dead': () =>
    many(15, round =>
      many(hosts, i => [
        ...ping(60 + round * 60 + i * 0.1, monitor, host(100 + i), round, i < hosts - 8),
        ...(round % 5 === 0
          ? probe(
              70 + round * 60 + i * 0.1,
              [monitor, fresh()],
              [host(100 + i), [22, 80, 443][i % 3] ?? 80],
              'open',
            )
          : []),
      ]),
    ),
  'a poller of SNMP': () =>
    many(3, round =>
      many(hosts, i =>
        both(60 + round * 300 + i * 0.05, [monitor, fresh()], [host(100 + i), 161], 80),
      ),
    ),
  'one address behind which many sit': () =>
    many(400, i =>
      https({
        at: 60 + i * 2,
        from: host(2),
        name: `site${i % 300}.example${i % 50}.com`,
        ip: `93.${i % 200}.${i % 50}.9`,
      }),
    ),
  'pools of time servers': () =>
    many(100, i =>
      many(4, k => both(60 + i * 64 + k, [own, 123], [`185.${(i >> 5) * 4 + k}.7.8`, 123], 48)),
    ),
  'chatter of mDNS and SSDP': () =>
    many(80, i => [
      datagram(
        30 + i * 11,
        [host(20 + (i % 5)), 5353],
        ['224.0.0.251', 5353],
        p.mdnsQuery('_googlecast._tcp.local'),
      ),
      datagram(
        31 + i * 11,
        [host(20 + (i % 5)), 50_000 + i],
        ['239.255.255.250', 1900],
        p.raw('M-SEARCH * HTTP/1.1\r\n\r\n'),
      ),
    ]),
  'a call': () =>
    many(3000, i => both(60 + i * 0.2, [host(22), 12_000], ['80.81.82.84', 30_000], 172)),
  'a keep-alive of a VPN for ten hours': () =>
    many(1440, i => both(60 + i * 25, [own, 51_820], ['91.92.93.94', 51_820], 32)),
  'a printer that sleeps': () =>
    many(60, i =>
      probe(
        60 + i * 12,
        [host(20 + (i % 5)), fresh()],
        [host(50), [9100, 631, 515, 80, 161, 5357][i % 6] ?? 80],
      ),
    ),
  'look-ups in blocklists that nobody has listed': () =>
    many(700, i =>
      ask(
        {
          at: 60 + i,
          from: mail,
          name: `${i % 250}.${(i * 7) % 250}.${(i * 3) % 250}.${i % 220}.dnsbl.example.info`,
        },
        [],
      ),
    ),
  'telemetry each minute to a vendor that everybody knows': () =>
    many(360, i =>
      https({
        at: 60 + i * 60,
        from: own,
        name: 'v10.events.data.microsoft.com',
        ip: '20.42.65.92',
        up: 800,
        down: 200,
      }),
    ),
  'telemetry of five devices to a vendor': () =>
    many(300, i =>
      many(5, k =>
        https({
          at: 60 + i * 60 + k,
          from: host(20 + k),
          name: 'agent.vendor.io',
          ip: '52.1.2.3',
          up: 800,
          down: 200,
          asks: i % 5 === 0,
        }),
      ),
    ),
  'a browser that looks whether names are made up': () =>
    many(30, i =>
      many(3, k =>
        ask(
          {
            at: 60 + i * 20 + k / 100,
            from: host(20 + (i % 5)),
            name: random(i * 3 + k, 7 + ((i + k) % 8), 'abcdefghijklmnopqrstuvwxyz'),
          },
          [],
        ),
      ),
    ),
  'dead links whose names end in numbers': () =>
    many(30, i =>
      ask(
        {
          at: 60 + i * 20,
          from: own,
          name: `${['old', 'my', 'the', 'best', 'free'][i % 5]}${['shop', 'blog', 'news', 'music', 'photo', 'games'][i % 6]}${i}.com`,
        },
        [],
      ),
    ),
  'an administrator’s script on twenty hosts': () =>
    many(200, i =>
      talk({
        at: 60 + i * 3,
        from: monitor,
        to: host(100 + (i % 20)),
        port: 22,
        says: [p.sshBanner(), p.sshBanner(), 1200, 1100, 1500, 2000, 4000, 6000],
      }),
    ),
  'an address that moves to the machine that stands by': () => [
    ...[0, 1, 2].map(i => announced(20 + i, macOf(host(70)), host(90))),
    ...many(20, i =>
      talk({ at: 30 + i * 8, from: own, to: host(90), port: 80, says: [100, 1000] }),
    ),
    ...[0, 1, 2].map(i => announced(200 + i, macOf(host(71)), host(90))),
  ],
  'a router that takes over': () =>
    [0, 1, 2, 3].map(i => announced(300 + i, macOf(host(2)), router)),
  'sixty servers that are gone': () =>
    many(60, i => probe(60 + i * 3, [own, fresh()], [`77.${i}.8.9`, 443])),
  'a page of eighty hosts': () =>
    many(80, i =>
      https({ at: 60 + i * 0.1, from: own, name: `t${i}.tracker${i}.com`, ip: `52.${i}.7.8` }),
    ),
  'mail that is fetched each five minutes': () =>
    many(72, i =>
      https({
        at: 60 + i * 300 + chance(i),
        from: own,
        name: 'imap.mail.example.com',
        ip: '217.1.2.3',
        port: 993,
        up: 500,
        down: 900,
      }),
    ),
  'a device that keeps a connection of MQTT': () => [
    ...lookup(50, own, 'mqtt.vendor.com', '52.9.8.7'),
    ...talk({
      at: 60,
      from: own,
      to: '52.9.8.7',
      port: 8883,
      seconds: 6 * 3600,
      says: Array.from({ length: 700 }, () => 40),
    }),
  ],
}

test.each(Object.entries(scenes))('%s', async (_, packets) => {
  const told = await alerts([...background(quarter), ...packets()], { learn: 'as-configured' })
  expect(told.map(({ rule, message }) => [rule.name, message])).toEqual([])
})
