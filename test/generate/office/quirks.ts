import { httpRequest, httpResponse, sshBanner, sshKexInit } from '../application.ts'
import { concat, noise, u8, u32 } from '../bytes.ts'
import { dns } from '../dns.ts'
import { ipv4 } from '../ip.ts'
import { echo } from '../transport.ts'
import { GATEWAY } from './cast.ts'
import { local } from './inside.ts'
import { DNS_PORT, type Lan, reply } from './lan.ts'
import { bulk, payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from './station.ts'
import { converse, datagrams, type Say } from './talk.ts'
import { outside, secure, secureTo, tlsSays } from './web.ts'

// What looks odd to a sensor and is not: each device has its own.

type Quirk = (lan: Lan, station: Station, start: number) => Process

/** Quirks by the name of the device. */
export const quirks: Readonly<Record<string, readonly Quirk[]>> = {
  nas: [cloudBackup],
  LGwebOSTV: [ownResolver],
  'Pixel-8': [privateDns],
  karla: [browserResolver, pings],
  jonas: [gitOverSsh, administersBySsh],
  levi: [vpn],
  'PC-ANNA': [reputation],
  'PC-BERND': [reputation, peerToPeer],
  'PC-DAVID': [camerasPage, remoteDesktop],
  'PC-ELENA': [startTls, peerToPeer],
  'PC-FELIX': [unnamed, randomNames],
}

/** Waits until somebody works at the station, then a time drawn from `mean`. */
function* when(lan: Lan, station: Station, mean: number): Process {
  do yield lan.now + station.dice.exp(mean)
  while (!station.online || !station.attended)
}

/** Changed files go to a provider each night. */
function* cloudBackup(lan: Lan, station: Station, start: number): Process {
  const { dice } = station
  const host = lan.world.host('eu2.vaultbackup.example', 'hosterDe')
  for (let day = 0; ; day++) {
    yield start + day * DAY + 3 * HOUR + dice.next() * 10 * MINUTE
    const exchanges = Array.from({ length: dice.int(20, 40) }, () => ({
      up: dice.size(900_000, 0.4),
      down: 200,
      wait: 0.5 * SECOND,
    }))
    yield* secure(lan, station, host, { shape: 'go', exchanges })
  }
}

/** A TV that asks the resolver of its maker's choice. */
function* ownResolver(lan: Lan, station: Station): Process {
  const name = 'ngfts.lge.example'
  for (;;) {
    yield lan.now + station.dice.around(40, 0.3) * MINUTE
    if (!station.online) continue
    const answers = [{ name, type: 'A', ttl: 300, data: '52.94.10.77' } as const]
    yield* datagrams(lan, {
      client: station.end(),
      server: outside('8.8.8.8', DNS_PORT),
      says: [
        { from: 'client', data: payload(dns({ id: 7, questions: [{ name }] })) },
        { from: 'server', data: withId(reply(name, 'A', answers), 7), wait: 14_000 },
      ],
    })
  }
}

function withId(message: Uint8Array, id: number) {
  const bytes = Uint8Array.from(message)
  bytes.set([id >>> 8, id & 255])
  return payload(bytes)
}

/** Android's private DNS: DNS over TLS, one connection after the other. */
function* privateDns(lan: Lan, station: Station): Process {
  const host = { name: 'dns.google', rtt: 13_000, tls: { version: '1.3' as const } }
  for (;;) {
    yield* when(lan, station, 4 * MINUTE)
    const exchanges = Array.from({ length: station.dice.int(2, 9) }, () => ({
      up: 128,
      down: 468,
      wait: station.dice.exp(2 * SECOND),
    }))
    yield* secureTo(lan, station, '8.8.4.4', host, { shape: 'android', exchanges, port: 853 })
  }
}

/** A browser that asks its own resolver over HTTPS. */
function* browserResolver(lan: Lan, station: Station): Process {
  const host = lan.world.host('mozilla.cloudflare-dns.com', 'cloudflare')
  for (;;) {
    yield* when(lan, station, 25 * MINUTE)
    const exchanges = Array.from({ length: station.dice.int(5, 30) }, () => ({
      up: 150,
      down: 300,
      wait: station.dice.exp(3 * SECOND),
    }))
    yield* secure(lan, station, host, { shape: 'firefox', exchanges })
  }
}

function* pings(lan: Lan, station: Station): Process {
  for (;;) {
    yield* when(lan, station, 9 * HOUR)
    yield* lan.reach(station)
    for (let seq = 1; seq < 6; seq++) {
      const [mine, far] = [station.ip, '9.9.9.9']
      const ask = echo({ id: 31, seq }, noise(56, 5))
      lan.wire.send(station.mac, GATEWAY.mac, ipv4({ src: mine, dst: far }, ask))
      yield lan.now + 12_000
      const answer = echo({ id: 31, seq, reply: true }, noise(56, 5))
      lan.wire.send(GATEWAY.mac, station.mac, ipv4({ src: far, dst: mine }, answer))
      yield lan.now + SECOND
    }
  }
}

/** An SSH session: banners, keys, then sealed packets to and fro. */
function* sshSays(server: string, packets: number, station: Station): Generator<Say, void, void> {
  yield { from: 'client', data: payload(sshBanner('OpenSSH_9.2p1 Debian-2+deb12u7')) }
  yield { from: 'server', data: payload(sshBanner(server)), wait: 4000 }
  yield { from: 'client', data: payload(sshKexInit()), wait: 300 }
  yield { from: 'server', data: payload(sshKexInit()), wait: 300 }
  yield { from: 'client', data: bulk(1208, u8(0, 0, 4, 180, 9, 30)), wait: 900 }
  yield { from: 'server', data: bulk(1564, u8(0, 0, 6, 24, 9, 31)), wait: 1500 }
  for (let i = 0; i < packets; i++) {
    yield { from: 'client', data: bulk(100, u8(0x51, i)), wait: station.dice.exp(2 * SECOND) }
    yield { from: 'server', data: bulk(station.dice.size(400), u8(0x52, i)), wait: 20_000 }
  }
}

function* gitOverSsh(lan: Lan, station: Station): Process {
  const host = lan.world.host('git.codeberth.example', 'hosterDe')
  for (;;) {
    yield* when(lan, station, 70 * MINUTE)
    const address = yield* lan.resolve(station, host)
    yield* converse(lan, {
      client: station.end(),
      server: outside(address, 22),
      rtt: host.rtt,
      says: sshSays('OpenSSH_9.7', 6, station),
    })
  }
}

function* administersBySsh(lan: Lan, station: Station): Process {
  for (;;) {
    yield* when(lan, station, 4 * HOUR)
    const target = lan.station(station.dice.chance(0.6) ? 'monitor' : 'nas')
    const packets = station.dice.int(30, 200)
    yield* local(lan, station, target, 22, sshSays('OpenSSH_9.2p1 Debian-2', packets, station))
  }
}

/** WireGuard: a handshake every two minutes, a keep-alive every 25 s, data in between. */
function* vpn(lan: Lan, station: Station): Process {
  const host = lan.world.host('vpn.customer.example', 'hosterFr')
  const { dice } = station
  const kind = (type: number, size: number) =>
    bulk(size, concat(u8(type, 0, 0, 0), u32(dice.word())))
  for (;;) {
    yield* when(lan, station, 2 * HOUR)
    const address = yield* lan.resolve(station, host)
    const says: Say[] = []
    const rounds = dice.int(20, 200)
    for (let i = 0; i < rounds; i++) {
      const wait = 25 * SECOND
      if (i % 5 === 0) {
        says.push({ from: 'client', data: kind(1, 148), wait: i === 0 ? 0 : wait })
        says.push({ from: 'server', data: kind(2, 92), wait: host.rtt })
      }
      says.push({ from: 'client', data: kind(4, 32), wait })
      if (!dice.chance(0.2)) continue
      says.push({ from: 'client', data: kind(4, dice.size(2000)), wait: SECOND })
      says.push({
        from: 'server',
        data: kind(4, Math.min(dice.size(20_000), 40_000)),
        wait: host.rtt,
      })
    }
    yield* datagrams(lan, { client: station.end(51_820), server: outside(address, 51_820), says })
  }
}

/** A virus scanner that asks its maker about files by DNS: long names, each of them once. */
function* reputation(lan: Lan, station: Station): Process {
  const { dice } = station
  for (;;) {
    yield* when(lan, station, 7 * MINUTE)
    yield* lan.reach(station)
    const count = dice.int(1, 5)
    for (let i = 0; i < count; i++) {
      const hash = dice.letters(32, '0123456789abcdef')
      const name = `${hash}.${dice.letters(4)}.fp.avlookup.example`
      const answers = [{ name, type: 'A', ttl: 3600, data: '127.64.1.8' } as const]
      const id = dice.int(0, 0xffff)
      yield* datagrams(lan, {
        client: station.end(),
        server: { ...GATEWAY, port: DNS_PORT },
        says: [
          { from: 'client', data: payload(dns({ id, questions: [{ name }] })) },
          { from: 'server', data: withId(reply(name, 'A', answers), id), wait: 24_000 },
        ],
      })
    }
  }
}

/** Windows gets updates from its neighbours (delivery optimisation). */
function* peerToPeer(lan: Lan, station: Station): Process {
  for (;;) {
    yield* when(lan, station, 11 * HOUR)
    const peers = lan
      .ofRole('laptop')
      .filter(one => one !== station && one.online && one.part.system === 'windows')
    const [peer] = station.dice.shuffled(peers)
    if (peer === undefined) continue
    yield* local(lan, station, peer, 7680, [
      { from: 'client', data: payload(concat(u8(14), 'Swarm protocol', noise(60, 41))) },
      { from: 'server', data: payload(concat(u8(14), 'Swarm protocol', noise(60, 42))), wait: 900 },
      { from: 'server', data: bulk(station.dice.size(3_000_000), u8(0, 0, 64)), wait: 2000 },
    ])
  }
}

/** The page of a camera, which knows nothing but HTTP and asks for a password. */
function* camerasPage(lan: Lan, station: Station): Process {
  const camera = lan.station('cam-door')
  const userAgent = station.part.userAgent ?? ''
  for (;;) {
    yield* when(lan, station, 20 * HOUR)
    const headers = { 'User-Agent': userAgent, Authorization: 'Basic b2ZmaWNlOm9mZmljZQ==' }
    const target = '/doc/page/preview.asp'
    const request = httpRequest({ target, host: camera.ip, headers })
    const answer = httpResponse({ headers: { 'Content-Type': 'text/html' } }, 'x'.repeat(900))
    yield* local(lan, station, camera, 80, [
      { from: 'client', data: payload(request) },
      { from: 'server', data: payload(answer), wait: 3000 },
    ])
  }
}

/** The person who looks after the others' machines. */
function* remoteDesktop(lan: Lan, station: Station): Process {
  const server = {
    version: '1.2' as const,
    chain: [
      {
        subject: 'PC-BERND',
        issuer: 'PC-BERND',
        notBefore: '260101000000Z',
        notAfter: '260703000000Z',
      },
    ],
  }
  for (;;) {
    yield* when(lan, station, 16 * HOUR)
    const exchanges = Array.from({ length: station.dice.int(60, 300) }, () => ({
      up: 90,
      down: station.dice.size(1500),
      wait: station.dice.exp(1.5 * SECOND),
    }))
    const says = tlsSays(server, 'schannel', 'PC-BERND', exchanges)
    yield* local(lan, station, lan.station('PC-BERND'), 3389, says)
  }
}

/** Mail that is sent by port 587: clear at first, then TLS. */
function* startTls(lan: Lan, station: Station): Process {
  const name = 'submission.mailhaven.example'
  const host = lan.world.host(name, 'hosterDe', false, lan.world.certified(name))
  for (;;) {
    yield* when(lan, station, 80 * MINUTE)
    const address = yield* lan.resolve(station, host)
    yield* converse(lan, {
      client: station.end(),
      server: outside(address, 587),
      rtt: host.rtt,
      says: submission(host, station),
    })
  }
}

function* submission(
  host: ReturnType<Lan['world']['host']>,
  station: Station,
): Generator<Say, void, void> {
  const text = (content: string) => payload(content)
  yield { from: 'server', data: text(`220 ${host.name} ESMTP Postfix\r\n`), wait: 2000 }
  yield { from: 'client', data: text(`EHLO [${station.ip}]\r\n`), wait: 1000 }
  yield { from: 'server', data: text(`250-${host.name}\r\n250-STARTTLS\r\n250 8BITMIME\r\n`) }
  yield { from: 'client', data: text('STARTTLS\r\n'), wait: 500 }
  yield { from: 'server', data: text('220 2.0.0 Ready to start TLS\r\n') }
  yield* tlsSays(host.tls, 'schannel-mail', host.name, [
    { up: 500, down: 300 },
    { up: station.dice.size(15_000), down: 120 },
  ])
}

/** A program that names no server in TLS: its maker's relay, by address. */
function* unnamed(lan: Lan, station: Station): Process {
  const host = { name: '', rtt: 16_000, tls: { version: '1.2' as const } }
  const tls = lan.world.certified('relay.remotehelp.example', 365)
  for (;;) {
    yield* when(lan, station, 45 * MINUTE)
    const exchanges = [{ up: 700, down: 1200 }]
    yield* secureTo(lan, station, '178.77.120.6', { ...host, tls }, { shape: 'openssl', exchanges })
  }
}

/** Names of chance that an old browser asks for to see whether the resolver lies. */
function* randomNames(lan: Lan, station: Station): Process {
  for (;;) {
    yield* when(lan, station, 3 * HOUR)
    for (let i = 0; i < 3; i++) {
      yield* lan.fail(station, station.dice.letters(station.dice.int(7, 15), LETTERS))
    }
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
