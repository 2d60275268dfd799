import { concat, noise, u8 } from '../../bytes.ts'
import { type DnsType, dns } from '../../dns.ts'
import { ipv4 } from '../../ip.ts'
import { echo } from '../../transport.ts'
import { GATEWAY } from '../cast.ts'
import { type Lan, reply } from '../lan.ts'
import { payload } from '../payload.ts'
import { type Process } from '../schedule.ts'
import { DAY, MINUTE, SECOND, type Station } from '../station.ts'
import { converse, datagrams } from '../talk.ts'
import { outside, plainSays, secureTo } from '../web.ts'
import { byOne, on } from './attack.ts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz012345'

/** Data in labels, an answer full of data; as iodine does through the office's resolver. */
function* tunnel(
  lan: Lan,
  attacker: Station,
  options: {
    readonly zone: string
    readonly type: DnsType
    readonly length: number
    readonly gap: number
    readonly end: number
    readonly down: number
  },
): Process {
  const { dice } = attacker
  const { zone, type, length, gap, end, down } = options
  yield* lan.reach(attacker)
  while (lan.now < end) {
    const labels: string[] = []
    for (let left = length; left > 0; left -= 57)
      labels.push(dice.letters(Math.min(left, 57), BASE32))
    const name = `${labels.join('.')}.${zone}`
    const content = dice.bytes(down)
    const data = type === 'TXT' ? concat(u8(content.length), content) : content
    const answer = payload(reply(name, type, [{ name, type, ttl: 0, data }], { domain: zone }))
    lan.spawn(ask(lan, attacker, name, type, answer))
    yield lan.now + dice.around(gap, 0.15)
  }
}

/** As Lan.question, for names that come once. */
function* ask(
  lan: Lan,
  attacker: Station,
  name: string,
  type: DnsType,
  answer: ReturnType<typeof payload>,
  resolver = { mac: GATEWAY.mac, ip: GATEWAY.ip as string },
): Process {
  const id = attacker.dice.int(0, 0xffff)
  const query = payload(dns({ id: 0, questions: [{ name, type }] }))
  const says = [
    { from: 'client' as const, data: stamped(query, id) },
    { from: 'server' as const, data: stamped(answer, id), wait: 45_000 },
  ]
  yield* datagrams(lan, { client: attacker.end(), server: { ...resolver, port: 53 }, says })
}

/** The message with its id. */
function stamped(message: ReturnType<typeof payload>, id: number) {
  const bytes = Uint8Array.from(message.bytes)
  bytes.set([id >>> 8, id & 255])
  return payload(bytes)
}

export const dnsTunnel = byOne(
  on(8, 16.5),
  'jonas',
  10 * MINUTE,
  'a fast tunnel in DNS NULL records',
  ({ lan, time }, attacker) =>
    tunnel(lan, attacker, {
      zone: 't.marblekey.net',
      type: 'NULL',
      length: 190,
      gap: 0.06 * SECOND,
      end: time + 8 * MINUTE,
      down: 600,
    }),
)

export const dnsTunnelText = byOne(
  on(9, 17),
  'PC-DAVID',
  12 * MINUTE,
  'a tunnel in DNS TXT records',
  ({ lan, time }, attacker) =>
    tunnel(lan, attacker, {
      zone: 'c.dustyorchard.com',
      type: 'TXT',
      length: 100,
      gap: 0.5 * SECOND,
      end: time + 10 * MINUTE,
      down: 180,
    }),
)

export const dnsTunnelSlow = byOne(
  on(11, 0.3),
  'PC-BERND',
  DAY,
  'data carried out in DNS, one question a minute',
  ({ lan, time }, attacker) =>
    tunnel(lan, attacker, {
      zone: 'ns1.palebirch.org',
      type: 'TXT',
      length: 44,
      gap: 60 * SECOND,
      end: time + DAY,
      down: 24,
    }),
)

/** Computed names, none of which exists, three times. */
export const dga = byOne(
  on(9, 9.2),
  'PC-DAVID',
  40 * MINUTE,
  'bursts of names that do not exist',
  function* ({ lan, dice }, attacker) {
    yield* lan.reach(attacker)
    for (let burst = 0; burst < 3; burst++) {
      for (let i = 0; i < 60; i++) {
        const letters = dice.letters(dice.int(10, 18), 'abcdefghijklmnopqrstuvwxyz')
        const name = `${letters}.${dice.pick(['com', 'net', 'org', 'info', 'biz'])}`
        const answer = payload(reply(name, 'A', [], { domain: name.split('.')[1] ?? '', rcode: 3 }))
        yield* ask(lan, attacker, name, 'A', answer)
        yield lan.now + dice.exp(0.4 * SECOND)
      }
      yield lan.now + 10 * MINUTE
    }
  },
)

/** A name that leads outside at first, then to the gateway; the browser follows. */
export const rebinding = byOne(
  on(10, 15.5),
  'PC-BERND',
  5 * MINUTE,
  'a public name that leads to an address of the LAN',
  function* ({ lan }, attacker) {
    const name = 'a7f3.rebindly.net'
    const answer = (data: string) =>
      payload(reply(name, 'A', [{ name, type: 'A', ttl: 1, data }], { domain: 'rebindly.net' }))
    const userAgent = attacker.part.userAgent ?? ''
    const page = { target: '/', userAgent, type: 'text/html', size: 4000 }
    yield* ask(lan, attacker, name, 'A', answer('45.76.12.9'))
    yield* converse(lan, {
      client: attacker.end(),
      server: outside('45.76.12.9', 80),
      rtt: 90_000,
      says: plainSays(name, page),
    })
    yield lan.now + 8 * SECOND
    yield* ask(lan, attacker, name, 'A', answer(GATEWAY.ip))
    yield* converse(lan, {
      client: attacker.end(),
      server: outside(GATEWAY.ip, 80),
      rtt: 400,
      says: plainSays(name, { ...page, target: '/login', size: 900 }),
    })
  },
)

/** Names asked of a resolver outside that nobody here uses. */
export const newResolver = byOne(
  on(10, 16.5),
  'PC-DAVID',
  15 * MINUTE,
  'questions to a resolver outside',
  function* ({ lan, dice }, attacker) {
    yield* lan.reach(attacker)
    for (let i = 0; i < 40; i++) {
      const site = dice.pick(lan.world.sites)
      const name = `www.${site.domain}`
      const data = `88.198.${dice.int(1, 250)}.${dice.int(1, 250)}`
      const answer = payload(reply(name, 'A', [{ name, type: 'A', ttl: 300, data }]))
      yield* ask(lan, attacker, name, 'A', answer, { mac: GATEWAY.mac, ip: '185.228.169.77' })
      yield lan.now + dice.exp(15 * SECOND)
    }
  },
)

/** The same over HTTPS. */
export const doh = byOne(
  on(10, 17.5),
  'jonas',
  30 * MINUTE,
  'DNS over HTTPS to a public resolver',
  function* ({ lan, dice }, attacker) {
    const host = { name: 'cloudflare-dns.com', rtt: 8000, tls: { version: '1.3' as const } }
    const exchanges = Array.from({ length: 120 }, () => ({
      up: dice.int(120, 180),
      down: dice.int(200, 470),
      wait: dice.exp(10 * SECOND),
    }))
    yield* secureTo(lan, attacker, '104.16.249.249', host, { shape: 'firefox', exchanges })
  },
)

/** A session inside echo requests. */
export const icmpTunnel = byOne(
  on(11, 16.5),
  'jonas',
  8 * MINUTE,
  'large echo requests with changing content, many a second',
  function* ({ lan, dice, time }, attacker) {
    yield* lan.reach(attacker)
    const far = '51.38.201.14'
    for (let seq = 0; lan.now < time + 5 * MINUTE; seq = (seq + 1) & 0xffff) {
      const up = echo({ id: 4711, seq }, noise(dice.int(700, 1300), seq + 1))
      lan.wire.send(attacker.mac, GATEWAY.mac, ipv4({ src: attacker.ip, dst: far }, up))
      yield lan.now + 30_000
      const down = echo({ id: 4711, seq, reply: true }, noise(dice.int(200, 1300), seq + 7))
      lan.wire.send(GATEWAY.mac, attacker.mac, ipv4({ src: far, dst: attacker.ip }, down))
      yield lan.now + dice.exp(60_000)
    }
  },
)
