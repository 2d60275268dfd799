import { concat, fill, u8, u32 } from '../bytes.ts'
import { type System } from './cast.ts'
import { type Shape } from './hello.ts'
import { type Lan } from './lan.ts'
import { payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from './station.ts'
import { converse, datagrams } from './talk.ts'
import { type Exchange, outside, plain, secure, tlsSays } from './web.ts'

// What operating systems do by themselves.

interface Check {
  readonly host: string
  readonly target: string
  readonly userAgent: string
  readonly status: number
  readonly reason: string
  readonly size: number
}

const apple = (agent: string): Check => ({
  host: 'captive.apple.com',
  target: '/hotspot-detect.html',
  userAgent: agent,
  status: 200,
  reason: 'OK',
  size: 69,
})

const checks: Partial<Record<System, Check>> = {
  windows: {
    host: 'www.msftconnecttest.com',
    target: '/connecttest.txt',
    userAgent: 'Microsoft NCSI',
    status: 200,
    reason: 'OK',
    size: 22,
  },
  macos: apple('CaptiveNetworkSupport-483.0.2 wispr'),
  ios: apple('CaptiveNetworkSupport-484.60.1 wispr'),
  android: {
    host: 'connectivitycheck.gstatic.com',
    target: '/generate_204',
    userAgent:
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36',
    status: 204,
    reason: 'No Content',
    size: 0,
  },
  linux: {
    host: 'nmcheck.gnome.org',
    target: '/check_network_status.txt',
    userAgent: '',
    status: 200,
    reason: 'OK',
    size: 21,
  },
}

/** Is there a way out, or a portal before it? */
export function* connectivityCheck(lan: Lan, station: Station): Process {
  const check = checks[station.part.system]
  if (check === undefined || station.part.role === 'nas' || station.part.role === 'monitor') return
  const { host, ...options } = check
  const provider = station.part.system === 'windows' ? 'microsoft' : 'akamai'
  yield* plain(lan, station, lan.world.host(host, provider), { ...options, type: 'text/plain' })
}

const clocks: Record<System, string> = {
  windows: 'time.windows.com',
  macos: 'time.apple.com',
  ios: 'time.apple.com',
  android: 'time.android.com',
  linux: '2.debian.pool.ntp.org',
  embedded: 'pool.ntp.org',
}

/** The time, every 17 minutes or so. */
export function* ntp(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('ntp')
  const host = lan.world.host(clocks[station.part.system], 'hosterDe')
  for (;;) {
    yield lan.now + dice.around(17, 0.12) * MINUTE
    if (!station.online) continue
    const address = yield* lan.resolve(station, host)
    const stamp = (mode: number) =>
      payload(concat(u8(mode, 2, 6, 0xec), fill(36), u32(dice.word(), dice.word())))
    yield* datagrams(lan, {
      client: station.end(station.part.system === 'windows' ? 123 : station.nextPort()),
      server: outside(address, 123),
      says: [
        { from: 'client', data: stamp(0x23) },
        { from: 'server', data: stamp(0x24), wait: host.rtt },
      ],
    })
  }
}

interface Cloud {
  readonly name: string
  readonly shape: Shape
  readonly provider: 'microsoft' | 'apple' | 'google' | 'amazon' | 'fastly' | 'cloudflare'
  /** Minutes between two contacts. */
  readonly every: number
  readonly up: number
  readonly down: number
}

/** What a system tells and asks its maker, again and again. */
const clouds: Partial<Record<System, readonly Cloud[]>> = {
  windows: [
    cloud('v10.events.data.microsoft.com', 'schannel', 'microsoft', 24, 3000, 600),
    cloud('settings-win.data.microsoft.com', 'schannel', 'microsoft', 190, 700, 2500),
    cloud('wdcp.microsoft.com', 'defender', 'microsoft', 43, 1800, 900),
    cloud('outlook.office365.com', 'schannel', 'microsoft', 6, 1500, 5000),
    cloud('array610.prod.do.dsp.mp.microsoft.com', 'schannel', 'microsoft', 320, 900, 1800),
  ],
  macos: [
    cloud('gateway.icloud.com', 'apple', 'apple', 17, 1600, 2600),
    cloud('configuration.ls.apple.com', 'apple', 'apple', 240, 500, 3000),
    cloud('mesu.apple.com', 'apple', 'apple', 360, 500, 9000),
  ],
  ios: [
    cloud('gateway.icloud.com', 'apple', 'apple', 21, 1200, 2200),
    cloud('gspe1-ssl.ls.apple.com', 'apple', 'apple', 95, 600, 1800),
    cloud('app-analytics-services.com', 'apple', 'apple', 130, 1900, 400),
  ],
  android: [
    cloud('play.googleapis.com', 'android', 'google', 45, 1400, 1200),
    cloud('android.googleapis.com', 'android', 'google', 110, 900, 900),
  ],
  linux: [cloud('api.snapcraft.io', 'go', 'fastly', 340, 900, 2800)],
}

function cloud(
  name: string,
  shape: Shape,
  provider: Cloud['provider'],
  every: number,
  up: number,
  down: number,
): Cloud {
  return { name, shape, provider, every, up, down }
}

/** Contacts with the maker's servers. */
export function* cloudContacts(lan: Lan, station: Station): Process {
  for (const one of clouds[station.part.system] ?? []) lan.spawn(contact(lan, station, one))
  yield lan.now
}

function* contact(lan: Lan, station: Station, to: Cloud): Process {
  const dice = station.dice.fork(to.name)
  const host = lan.world.host(to.name, to.provider)
  const { shape } = to
  for (;;) {
    yield lan.now + dice.around(to.every, 0.4) * MINUTE
    if (!station.online) continue
    const exchanges = [{ up: dice.size(to.up, 0.4), down: dice.size(to.down, 0.5) }]
    lan.spawn(secure(lan, station, host, { shape, exchanges }))
  }
}

/** A connection that stays open for hours and carries a few bytes now and then. */
export function* push(
  lan: Lan,
  station: Station,
  to: {
    readonly name: string
    readonly shape: Shape
    readonly port: number
    readonly every: number
  },
): Process {
  const dice = station.dice.fork('push')
  const host = lan.world.host(to.name, station.part.system === 'android' ? 'google' : 'apple')
  for (;;) {
    yield lan.now + 20 * SECOND
    if (!station.online) continue
    const address = yield* lan.resolve(station, host)
    yield* lan.reach(station)
    const exchanges = keepAlive(station, dice.around(to.every, 0.05), 6 * HOUR, lan)
    yield* converse(lan, {
      client: station.end(),
      server: outside(address, to.port),
      rtt: host.rtt,
      says: tlsSays(host.tls, to.shape, to.name, exchanges),
    })
  }
}

function* keepAlive(
  station: Station,
  every: number,
  longest: number,
  lan: Lan,
): Generator<Exchange, void, void> {
  const { mac } = station
  const end = lan.now + longest
  while (station.online && station.mac === mac && lan.now < end) {
    const message = station.dice.chance(0.1)
    yield { up: message ? 120 : 37, down: message ? station.dice.size(900) : 37, wait: every }
  }
}

/** Big updates: of the system at night or in the morning, of its signatures four times a day. */
export function* updates(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('updates')
  for (let day = 0; ; day++) {
    yield start + day * DAY + dice.around(10, 0.25) * HOUR
    if (!station.online) continue
    if (station.part.system === 'windows') yield* windowsUpdate(lan, station, day)
    else if (station.part.system === 'linux') yield* aptUpdate(lan, station)
    else yield* storeUpdate(lan, station)
  }
}

function* windowsUpdate(lan: Lan, station: Station, day: number): Process {
  const { dice } = station
  const check = lan.world.host('slscr.update.microsoft.com', 'microsoft')
  yield* secure(lan, station, check, { shape: 'schannel', exchanges: [{ up: 4000, down: 30_000 }] })
  const load = lan.world.host('au.download.windowsupdate.com', 'akamai')
  // The second Tuesday of a month brings much.
  const size = day === 8 ? 60_000_000 : dice.size(2_500_000, 0.6)
  yield* plain(lan, station, load, {
    target: `/d/msdownload/update/software/defu/${dice.letters(12)}.cab`,
    userAgent: 'Microsoft-Delivery-Optimization/10.1',
    size,
  })
}

function* aptUpdate(lan: Lan, station: Station): Process {
  const { dice } = station
  const host = lan.world.host('deb.debian.org', 'fastly')
  const userAgent = 'Debian APT-HTTP/1.3 (2.6.1)'
  for (const target of [
    '/debian/dists/bookworm/InRelease',
    '/debian-security/dists/bookworm-security/InRelease',
  ]) {
    yield* plain(lan, station, host, { target, userAgent, size: dice.size(60_000, 0.8) })
  }
  if (!dice.chance(0.3)) return
  const target = `/debian/pool/main/${dice.letters(8)}_amd64.deb`
  yield* plain(lan, station, host, { target, userAgent, size: dice.size(6_000_000) })
}

function* storeUpdate(lan: Lan, station: Station): Process {
  const { part, dice } = station
  const android = part.system === 'android'
  const name = android ? 'play-fe.googleapis.com' : 'updates.cdn-apple.com'
  const shape: Shape = android ? 'android' : 'apple'
  const host = lan.world.host(name, android ? 'google' : 'akamai')
  const exchanges = [{ up: 1500, down: dice.size(4_000_000) }]
  yield* secure(lan, station, host, { shape, exchanges })
}

/** A mail program: IMAP over TLS every few minutes, and mail that is sent. */
export function* mail(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('mail')
  const shape: Shape = station.part.system === 'macos' ? 'apple-push' : 'schannel-mail'
  const inbox = lan.world.host('imap.mailhaven.example', 'hosterDe', false, MAIL(lan, 'imap'))
  const outbox = lan.world.host('smtp.mailhaven.example', 'hosterDe', false, MAIL(lan, 'smtp'))
  for (;;) {
    yield lan.now + dice.around(10, 0.3) * MINUTE
    if (!station.online) continue
    const exchanges = [
      { up: 60, down: 90 },
      { up: 45, down: 400 },
      { up: 50, down: dice.chance(0.3) ? dice.size(25_000) : 120 },
    ]
    lan.spawn(secure(lan, station, inbox, { shape, exchanges, port: 993 }))
    if (!station.attended || !dice.chance(0.1)) continue
    const sent = [
      { up: 400, down: 200 },
      { up: dice.size(18_000, 1.2), down: 90 },
    ]
    lan.spawn(secure(lan, station, outbox, { shape, exchanges: sent, port: 465 }))
  }
}

const MAIL = (lan: Lan, kind: string) => lan.world.certified(`${kind}.mailhaven.example`)

/** Connections that nobody answers, and ports that are closed. */
export function* failures(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('failures')
  for (;;) {
    yield lan.now + dice.exp(100 * MINUTE)
    if (!station.online || !station.attended) continue
    const site = dice.pick(lan.world.sites)
    const [host] = site.own
    if (host === undefined) continue
    const fate = dice.chance(0.7) ? 'silent' : 'refused'
    const shape = station.part.browser ?? 'chrome'
    yield* secure(lan, station, host, { shape, exchanges: [], port: dice.pick([443, 8443]), fate })
  }
}
