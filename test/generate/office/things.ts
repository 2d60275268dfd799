import { concat, u8, u16, u32 } from '../bytes.ts'
import { type Shape, someNoise } from './hello.ts'
import { type Lan } from './lan.ts'
import { bulk, type Payload, payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from './station.ts'
import { converse, datagrams, type Say } from './talk.ts'
import { type Exchange, outside, plain, secure, tlsSays } from './web.ts'

/** A TV tells its maker what it does: each minute while it is on, else seldom. */
export function* tv(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('tv')
  const samsung = station.name.startsWith('Samsung')
  const name = samsung ? 'log-ingestion-eu.samsungacr.example' : 'eic.lgtvsdp.example'
  const ads = lan.world.host(samsung ? 'ads.samsungtv.example' : 'ads.lgtv.example', 'amazon')
  const host = lan.world.host(name, 'amazon', false, lan.world.certified(name, 365))
  const shape: Shape = 'tv'
  for (;;) {
    const time = lan.now - start
    const weekday = new Date(lan.now / 1000).getUTCDay()
    const on = weekday >= 1 && weekday <= 5 && time % DAY > 8.8 * HOUR && time % DAY < 17.2 * HOUR
    yield lan.now + dice.around(on ? 90 : 900, on ? 0.04 : 0.1) * SECOND
    if (!station.online) continue
    const exchanges = [{ up: dice.int(500, 640), down: 180 }]
    lan.spawn(secure(lan, station, host, { shape, exchanges }))
    if (on && dice.chance(0.05)) {
      lan.spawn(
        secure(lan, station, ads, { shape, exchanges: [{ up: 600, down: dice.size(90_000) }] }),
      )
    }
  }
}

/** A camera keeps a connection to its maker's cloud; clips go there and to the NAS. */
export function* camera(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('camera')
  const door = station.name === 'cam-door'
  const name = door ? 'dev.hikcloud.example' : 'dispatcher.axcloud.example'
  const host = lan.world.host(name, door ? 'asia' : 'amazon', false, lan.world.certified(name, 365))
  if (!door) lan.spawn(keepAlive(lan, station))
  for (;;) {
    yield lan.now + 15 * SECOND
    if (!station.online) continue
    const address = yield* lan.resolve(station, host)
    yield* lan.reach(station)
    yield* converse(lan, {
      client: station.end(),
      server: outside(address, 443),
      rtt: host.rtt,
      says: tlsSays(host.tls, 'camera', name, heartbeats(lan, station, dice.around(40, 0.02))),
    })
  }
}

function* heartbeats(lan: Lan, { dice }: Station, every: number): Generator<Exchange, void, void> {
  // The maker ends the connection after half a day or so.
  const end = lan.now + dice.around(14, 0.3) * HOUR
  while (lan.now < end) {
    const clip = dice.chance(0.004)
    const wait = dice.around(every, 0.01) * SECOND
    yield { up: clip ? dice.size(900_000, 0.5) : 61, down: 45, wait }
  }
}

/** By UDP, each minute, to the same address. */
function* keepAlive(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('keep-alive')
  const host = lan.world.host('stun.axcloud.example', 'amazon')
  const port = 41_641
  const stun = (kind: number) => payload(concat(u16(kind, 0), u32(0x2112a442), dice.bytes(12)))
  for (;;) {
    yield lan.now + dice.around(60, 0.03) * SECOND
    if (!station.online) continue
    const address = yield* lan.resolve(station, { ...host, ttl: 3600 })
    yield* lan.reach(station)
    yield* datagrams(lan, {
      client: station.end(port),
      server: outside(address, 3478),
      says: [
        { from: 'client', data: stun(0x0001) },
        { from: 'server', data: stun(0x0101), wait: host.rtt },
      ],
    })
  }
}

/** A printer asks for its supplies once a day, over plain HTTP as old ones do. */
export function* printer(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('printer')
  const host = lan.world.host('connect.printerservice.example', 'amazon')
  for (let day = 0; ; day++) {
    yield start + day * DAY + (9 + dice.next()) * HOUR
    if (!station.online) continue
    yield* plain(lan, station, host, {
      target: `/status?serial=${station.part.mac.replaceAll(':', '')}`,
      userAgent: 'EWS/2.1 libhttp',
      size: 310,
    })
  }
}

/** RTP (RFC 3550) of `size` bytes. */
function rtp(type: number, sequence: number, ssrc: number, size: number): Payload {
  const head = concat(u8(0x80, type), u16(sequence & 0xffff), u32(sequence * 960, ssrc))
  return bulk(size, concat(head, someNoise(30, sequence)))
}

/** A call: both sides send all the time. Larger packets than real ones keep the number down. */
function* media(
  { dice }: Station,
  rate: {
    readonly type: number
    readonly gap: number
    readonly size: number
    readonly length: number
  },
): Generator<Say, void, void> {
  const ids = [dice.word(), dice.word()] as const
  const count = Math.floor(rate.length / rate.gap)
  for (let i = 0; i < count; i++) {
    const wait = dice.around(rate.gap / 2, 0.1)
    const sizes = [dice.around(rate.size, 0.2), dice.around(rate.size, 0.2)].map(Math.round)
    yield { from: 'client', data: rtp(rate.type, i, ids[0], sizes[0] ?? 200), wait }
    yield { from: 'server', data: rtp(rate.type, i, ids[1], sizes[1] ?? 200), wait }
  }
}

/** Video calls of somebody who works: signalling over TLS, then media to a relay. */
export function* videoCalls(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('video')
  const signalling = lan.world.host('api.flightproxy.teams.example', 'microsoft')
  const relays = lan.world.host('worldaz.tr.teams.example', 'microsoft', false)
  for (;;) {
    yield lan.now + dice.exp(7 * HOUR)
    if (!station.online || !station.attended) continue
    const exchanges = [
      { up: 3000, down: 5000 },
      { up: 1200, down: 900, wait: 3 * SECOND },
    ]
    lan.spawn(secure(lan, station, signalling, { shape: 'chrome', exchanges }))
    const address = yield* lan.resolve(station, relays)
    const length = dice.around(22, 0.6) * MINUTE
    yield* datagrams(lan, {
      client: station.end(50_000 + dice.int(0, 19)),
      server: outside(address, dice.pick([3478, 3479, 3480, 3481])),
      says: media(station, { type: 122, gap: 0.8 * SECOND, size: 54_000, length }),
    })
  }
}

/** The telephone registers each minute and calls a few times a day. */
export function* telephone(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('telephone')
  const provider = lan.world.host('sip.telco.example', 'hosterDe')
  lan.spawn(telephoneCalls(lan, station, start))
  for (let number = 1; ; number++) {
    yield lan.now + dice.around(60, 0.02) * SECOND
    if (!station.online) continue
    const address = yield* lan.resolve(station, provider)
    yield* lan.reach(station)
    const via = `Via: SIP/2.0/UDP ${station.ip}:5060;branch=z9hG4bK${number}\r\n`
    const rest = `From: <sip:office@telco.example>;tag=${number}\r\nTo: <sip:telco.example>\r\nCall-ID: ${number}@${station.ip}\r\nCSeq: ${number} OPTIONS\r\nContent-Length: 0\r\n\r\n`
    yield* datagrams(lan, {
      client: station.end(5060),
      server: outside(address, 5060),
      says: [
        {
          from: 'client',
          data: payload(`OPTIONS sip:telco.example SIP/2.0\r\n${via}Max-Forwards: 70\r\n${rest}`),
        },
        { from: 'server', data: payload(`SIP/2.0 200 OK\r\n${via}${rest}`), wait: provider.rtt },
      ],
    })
  }
}

function* telephoneCalls(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('calls')
  const relay = lan.world.host('rtp.telco.example', 'hosterDe')
  for (let day = 0; ; day++) {
    const weekday = new Date((start + day * DAY) / 1000).getUTCDay()
    for (let call = 0; call < 3; call++) {
      yield start + day * DAY + (9 + call * 2.5 + dice.next()) * HOUR
      if (!station.online || weekday === 0 || weekday === 6) continue
      yield* datagrams(lan, {
        client: station.end(11_780 + 2 * call),
        server: { ...outside(relay.pools[0]?.[0] ?? '192.0.2.1', 20_000 + dice.int(0, 900) * 2) },
        says: media(station, {
          ...{ type: 8, gap: 0.06 * SECOND, size: 492 },
          length: dice.around(70, 0.6) * SECOND,
        }),
      })
    }
  }
}
