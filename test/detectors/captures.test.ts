import { expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { background, fresh, host, https, many, router, segment, send, talk } from './lan.ts'
import { alerts, type Timed } from './replayed.ts'

// Captures that are odd in themselves: a mirror of one direction, of both sides of a router, of a trunk,
// packets twice, a clock that jumps. Nothing in them is an attack, and nothing is told.

const browsing = (count: number, every: number) =>
  many(count, i =>
    https({
      at: 60 + i * every,
      from: host(20 + (i % 5)),
      name: `site${i % 60}.example.com`,
      ip: `93.${i % 60}.3.4`,
    }),
  )

/** By the card that sent it: the last byte is the host's number. */
const isOfRouter = ({ frame }: Timed) => frame[11] === 1

function routed({ at, frame }: Timed): Timed {
  const copy = new Uint8Array(frame)
  copy.set([0, 0x50, 0x56, 0, 0, 1, 0, 0x50, 0x56, 0, 0, 2])
  return { at: at + 0.0002, frame: copy }
}

const scenes: Readonly<Record<string, () => Timed[]>> = {
  'only what clients send': () => browsing(300, 1).filter(one => !isOfRouter(one)),
  'only what servers send': () => browsing(300, 1).filter(isOfRouter),
  'each packet twice': () =>
    browsing(60, 3).flatMap(one => [one, { ...one, at: one.at + 0.00001 }]),
  'both sides of a router': () => browsing(60, 3).flatMap(one => [one, routed(one)]),
  'a clock that jumps a day, twice': () =>
    browsing(90, 1).map((one, i) => ({ ...one, at: one.at + 86_400 * Math.floor(i / 400) })),
  'a trunk whose VLANs have the same addresses': () =>
    [10, 20, 30].flatMap(id =>
      many(40, i => {
        const ip = host(10 + (i % 5))
        const [card, gateway] = [`00:1b:21:00:${id}:${10 + (i % 5)}`, `00:1b:21:00:${id}:01`]
        const at = 60 + i * 2 + id / 100
        const question = p.arp({ senderMac: card, senderIp: ip, targetIp: router })
        const answer = p.arp({
          operation: 2,
          senderMac: gateway,
          senderIp: router,
          targetMac: card,
          targetIp: ip,
        })
        return [
          {
            at,
            frame: p.ethernet({ src: card, dst: 'ff:ff:ff:ff:ff:ff' }, p.vlan({ id }, question)),
          },
          {
            at: at + 0.001,
            frame: p.ethernet({ src: gateway, dst: card }, p.vlan({ id }, answer)),
          },
        ]
      }),
    ),
  'the ends of connections that began before it': () =>
    many(80, i => {
      const [client, server] = [
        [host(20 + (i % 5)), fresh()],
        [`93.${i % 40}.7.7`, 443],
      ] as const
      return [
        send(
          5 + i * 0.1,
          client[0],
          server[0],
          p.tcp({ srcPort: client[1], dstPort: 443, flags: p.ACK | p.PSH }, p.noise(200, 1)),
        ),
        segment(6 + i * 0.1, server, client, p.FIN | p.ACK),
        segment(6.02 + i * 0.1, client, server, p.RST | p.ACK),
      ]
    }),
  'hundreds of hosts behind one card': () =>
    many(400, i =>
      https({
        at: 60 + i * 0.5,
        from: `10.20.${i % 4}.${1 + ((i * 7) % 250)}`,
        name: `site${i % 60}.example.com`,
        ip: `93.${i % 60}.2.9`,
        asks: i % 3 === 0,
      }),
    ),
  'a server that many of the world visit': () =>
    many(300, i =>
      talk({
        at: 60 + i * 0.4,
        from: `${20 + (i % 60)}.${i % 250}.4.4`,
        to: host(13),
        port: 443,
        says: [p.tlsRecords(p.clientHello({ sni: 'www.example.com' })), 3000, 400, 8000],
      }),
    ),
}

test.each(Object.entries(scenes))('%s', async (_, packets) => {
  const told = await alerts([...background(300), ...packets()], { learn: 'as-configured' })
  expect(told.map(({ rule, message }) => [rule.name, message])).toEqual([])
})
