import { noise } from '../../bytes.ts'
import { type TlsServer } from '../hello.ts'
import { type Lan } from '../lan.ts'
import { bulk, payload } from '../payload.ts'
import { type Process } from '../schedule.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from '../station.ts'
import { converse, type Say } from '../talk.ts'
import { type Exchange, outside, secure, secureTo, tlsSays } from '../web.ts'
import { utcTime } from '../world.ts'
import { byOne, type Context, on } from './attack.ts'

const MODERN: TlsServer = { version: '1.3' }

/** Asks its server for orders each minute, give or take a fifth, for a day. */
export const beacon = byOne(
  on(8, 0.2),
  'PC-DAVID',
  DAY,
  'a beacon of a minute to a name',
  function* ({ lan, time }, attacker) {
    const host = lan.world.host('sync.quietharbor-metrics.com', 'hosterUs')
    while (lan.now < time + DAY) {
      lan.spawn(secure(lan, attacker, host, { shape: 'implant', exchanges: order(attacker) }))
      yield lan.now + attacker.dice.around(60, 0.2) * SECOND
    }
  },
)

/** The same to an address that nobody asked a resolver for. */
export const beaconAddress = byOne(
  on(10, 0.2),
  'jonas',
  DAY,
  'a beacon of a minute to an address without a name',
  function* ({ lan, time }, attacker) {
    const host = { name: '', rtt: 60_000, tls: MODERN }
    while (lan.now < time + DAY) {
      const exchanges = order(attacker)
      lan.spawn(secureTo(lan, attacker, '45.143.77.18', host, { shape: 'implant', exchanges }))
      yield lan.now + attacker.dice.around(60, 0.2) * SECOND
    }
  },
)

function order({ dice }: Station): Exchange[] {
  return [{ up: 310, down: dice.chance(0.02) ? dice.size(6000) : 190 }]
}

/** One connection for half a day with a little to and fro. */
export const longConnection = byOne(
  on(9, 6),
  'PC-BERND',
  12.5 * HOUR,
  'a connection of twelve hours',
  function* ({ lan, time }, attacker) {
    const host = lan.world.host('relay.nightlantern.net', 'hosterFr')
    const address = yield* lan.resolve(attacker, host)
    yield* converse(lan, {
      client: attacker.end(),
      server: outside(address, 443),
      rtt: host.rtt,
      says: tlsSays(MODERN, 'openssl', host.name, terminal(lan, attacker, time + 12 * HOUR)),
    })
  },
)

function* terminal(lan: Lan, { dice }: Station, end: number): Generator<Exchange, void, void> {
  while (lan.now < end) {
    yield { up: dice.int(60, 140), down: dice.size(300), wait: dice.around(75, 0.7) * SECOND }
  }
}

/** 400 MB to one address within twenty minutes. */
export const exfiltration = byOne(
  on(11, 2),
  'jonas',
  30 * MINUTE,
  '400 MB to one address outside, at night',
  function* ({ lan }, attacker) {
    const host = lan.world.host('drop.silverfern-storage.com', 'amazon')
    const exchanges = Array.from({ length: 200 }, () => ({
      up: 2_000_000,
      down: 90,
      wait: attacker.dice.around(5, 0.5) * SECOND,
    }))
    yield* secure(lan, attacker, host, { shape: 'curl', exchanges })
  },
)

/** Certificates that nobody vouches for. */
function withCertificate(
  at: number,
  name: string,
  expected: string,
  chain: (start: number) => TlsServer,
) {
  return byOne(at, name, 10 * MINUTE, expected, function* ({ lan, time }, attacker) {
    const tls = chain(time / 1000)
    const subject = tls.chain?.[0]?.subject ?? ''
    const host = lan.world.host(subject, 'hosterUs', false, tls)
    for (let i = 0; i < 3; i++) {
      const exchanges = [{ up: 400, down: 1200 }]
      yield* secure(lan, attacker, host, { shape: 'openssl', exchanges })
      yield lan.now + 2 * MINUTE
    }
  })
}

const DAY_MS = 86_400_000

export const selfSigned = withCertificate(
  on(8, 11.5),
  'PC-DAVID',
  'a self-signed certificate outside',
  now => ({
    version: '1.2',
    chain: [
      {
        subject: 'panel.greywillow.net',
        issuer: 'panel.greywillow.net',
        names: ['panel.greywillow.net'],
        notBefore: utcTime(now - 3 * DAY_MS),
        notAfter: utcTime(now + 362 * DAY_MS),
      },
    ],
  }),
)

export const expired = withCertificate(
  on(8, 12.2),
  'PC-BERND',
  'an expired certificate outside',
  now => ({
    version: '1.2',
    chain: [
      {
        subject: 'files.oldquarry.org',
        issuer: 'Northern Trust Services DV CA 3',
        names: ['files.oldquarry.org'],
        notBefore: utcTime(now - 120 * DAY_MS),
        notAfter: utcTime(now - 30 * DAY_MS),
      },
    ],
  }),
)

/** The mail server that always spoke TLS 1.2 speaks 1.0. */
export const downgrade = byOne(
  on(9, 12.5),
  'jonas',
  15 * MINUTE,
  'TLS 1.0 with a server that spoke 1.2 until now',
  function* ({ lan }, attacker) {
    const host = lan.world.host('imap.mailhaven.example', 'hosterDe')
    const { chain } = host.tls
    const tls: TlsServer = { version: '1.0', ...(chain && { chain }) }
    for (let i = 0; i < 4; i++) {
      const exchanges = [{ up: 90, down: 400 }]
      yield* secure(lan, attacker, { ...host, tls }, { shape: 'old', exchanges, port: 993 })
      yield lan.now + 3 * MINUTE
    }
  },
)

export const tlsOddPort = byOne(
  on(11, 13),
  'PC-DAVID',
  20 * MINUTE,
  'TLS on port 4444',
  function* ({ lan }, attacker) {
    const host = lan.world.host('cdn.emberlane.net', 'hosterFr')
    for (let i = 0; i < 5; i++) {
      const exchanges = [{ up: 300, down: 5000 }]
      yield* secure(lan, attacker, host, { shape: 'go', exchanges, port: 4444 })
      yield lan.now + 3 * MINUTE
    }
  },
)

/** A protocol of its own on port 443. */
export const notTls = byOne(
  on(11, 14),
  'PC-BERND',
  20 * MINUTE,
  'something other than TLS on port 443',
  function* ({ lan, dice }, attacker) {
    yield* lan.reach(attacker)
    for (let i = 0; i < 4; i++) {
      yield* converse(lan, {
        client: attacker.end(),
        server: outside('185.220.44.7', 443),
        rtt: 55_000,
        says: binary(dice.int(3, 12)),
      })
      yield lan.now + 4 * MINUTE
    }
  },
)

function* binary(count: number): Generator<Say, void, void> {
  yield { from: 'client', data: payload(noise(245, 71)) }
  for (let i = 0; i < count; i++) {
    yield { from: 'server', data: payload(noise(300 + i * 17, 72 + i)), wait: 0.3 * SECOND }
    yield { from: 'client', data: bulk(900, noise(64, 90 + i)), wait: 0.2 * SECOND }
  }
}

/** A domain that is on a list. */
export const indicator = byOne(
  on(11, 15.5),
  'PC-DAVID',
  5 * MINUTE,
  context => `contact with ${context.indicator}`,
  touch,
)

function* touch({ lan, indicator: name }: Context, attacker: Station): Process {
  const host = lan.world.host(name, 'hosterUs')
  yield* secure(lan, attacker, host, { shape: 'chrome', exchanges: [{ up: 500, down: 30_000 }] })
}
