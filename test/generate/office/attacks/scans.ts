import { noise } from '../../bytes.ts'
import { ipv4 } from '../../ip.ts'
import { ACK, echo, FIN, PSH, RST, SYN, URG } from '../../transport.ts'
import { GATEWAY } from '../cast.ts'
import { type Lan } from '../lan.ts'
import { NOTHING } from '../payload.ts'
import { type Process } from '../schedule.ts'
import { MINUTE, SECOND, type Station } from '../station.ts'
import { outside } from '../web.ts'
import { type End, TCP, way } from '../wire.ts'
import { type Attack, byOne, type Context, entityOf, on, type Plan, taken } from './attack.ts'
import { ownerOf, seek } from './link.ts'

/** Ports that stations answer on. */
const OPEN: Readonly<Record<string, readonly number[]>> = {
  nas: [22, 80, 139, 445, 5000, 5001],
  printer: [80, 443, 515, 631, 9100],
  laptop: [135, 139, 445, 5040],
  monitor: [22, 80],
}

interface Probe {
  readonly from: End
  readonly to: End
  readonly flags: number
  readonly answer: 'open' | 'closed' | 'silent'
}

/** One packet of a scan and what comes back. */
function* probe(lan: Lan, { from, to, flags, answer }: Probe): Process {
  const [out, back] = [way(from, to, TCP), way(to, from, TCP)]
  const seq = lan.dice.word()
  lan.wire.tcp(out, { seq, ack: 0, flags, data: NOTHING })
  if (answer === 'silent') return
  yield lan.now + 250
  const next = (seq + 1) >>> 0
  if (answer === 'closed') {
    lan.wire.tcp(back, { seq: 0, ack: next, flags: RST | ACK, data: NOTHING })
    return
  }
  lan.wire.tcp(back, { seq: lan.dice.word(), ack: next, flags: SYN | ACK, data: NOTHING })
  yield lan.now + 90
  lan.wire.tcp(out, { seq: next, ack: 0, flags: RST, data: NOTHING })
}

function isOpen(station: Station, port: number): boolean {
  return OPEN[station.part.role]?.includes(port) ?? false
}

/** A scan of many ports of one target with the given flags, `gap` µs apart. */
function portScan(
  at: number,
  options: {
    readonly attacker: string
    readonly target: string
    readonly flags: number
    readonly count: number
    readonly gap: number
    readonly expected: string
  },
): Attack {
  return {
    at,
    plan(context): Plan {
      const attacker = taken(context, options.attacker)
      const target = context.lan.station(options.target)
      return {
        process: scanPorts(context, attacker, target, options),
        truth: {
          end: context.time + options.count * options.gap + MINUTE,
          entity: entityOf(attacker),
          victim: entityOf(target),
          expected: options.expected,
        },
      }
    },
  }
}

function* scanPorts(
  { lan, dice }: Context,
  attacker: Station,
  target: Station,
  { flags, count, gap }: { readonly flags: number; readonly count: number; readonly gap: number },
): Process {
  yield* lan.reach(attacker, target)
  const ports = dice.shuffled(Array.from({ length: count }, (_, i) => i + 1))
  const source = attacker.nextPort()
  for (const port of ports) {
    const open = isOpen(target, port)
    // RFC 9293 3.10.7.1: without SYN a closed port answers RST, an open one nothing.
    const answer = flags === SYN ? (open ? 'open' : 'closed') : open ? 'silent' : 'closed'
    lan.spawn(probe(lan, { from: attacker.end(source), to: target.end(port), flags, answer }))
    yield lan.now + dice.around(gap, 0.1)
  }
}

export const verticalScan = portScan(on(8, 9.5), {
  attacker: 'jonas',
  target: 'nas',
  flags: SYN,
  count: 1000,
  gap: 0.02 * SECOND,
  expected: 'many ports of one host, most of them closed',
})

// By one each: a silence about a pair must not hide the next scan.
const stealth = (hour: number, attacker: string, flags: number, expected: string) =>
  portScan(on(9, hour), {
    attacker,
    target: 'nas',
    flags,
    count: 200,
    gap: 0.05 * SECOND,
    expected,
  })

export const nullScan = stealth(15, 'PC-DAVID', 0, 'TCP packets without flags')
export const finScan = stealth(15.5, 'PC-BERND', FIN, 'FIN to ports without a connection')
export const xmasScan = stealth(
  16,
  'jonas',
  FIN | PSH | URG,
  'FIN, PSH and URG without a connection',
)

export const slowScan = portScan(on(10, 1), {
  attacker: 'PC-BERND',
  target: 'monitor',
  flags: SYN,
  count: 600,
  gap: 90 * SECOND,
  expected: 'hundreds of closed ports of one host over half a day',
})

/** Port 445 of every address of the LAN. */
export const horizontalScan = byOne(
  on(10, 10),
  'jonas',
  2 * MINUTE,
  'one port of all hosts of the LAN',
  ({ lan }, attacker) => scanHosts(lan, attacker, 445),
)

function* scanHosts(lan: Lan, attacker: Station, port: number): Process {
  for (let host = 1; host < 255; host++) {
    const owner = yield* seek(lan, attacker, `192.168.10.${host}`)
    if (owner !== undefined) {
      const station = ownerOf(lan, owner.ip)
      const open = station !== undefined && isOpen(station, port)
      const to = { mac: owner.mac, ip: owner.ip, port }
      const answer = open ? 'open' : 'closed'
      lan.spawn(probe(lan, { from: attacker.end(), to, flags: SYN, answer }))
    }
    yield lan.now + 40_000
  }
}

/** One port of many addresses outside, as a worm does. */
export const outwardScan = byOne(
  on(10, 12),
  'PC-DAVID',
  3 * MINUTE,
  'one port of hundreds of hosts outside',
  scanOutside,
)

function* scanOutside({ lan, dice }: Context, attacker: Station): Process {
  yield* lan.reach(attacker)
  for (let i = 0; i < 600; i++) {
    const address = `91.${dice.int(1, 250)}.${dice.int(1, 250)}.${dice.int(1, 250)}`
    const answer = dice.chance(0.03) ? 'closed' : 'silent'
    const to = outside(address, 22)
    lan.spawn(probe(lan, { from: attacker.end(), to, flags: SYN, answer }))
    yield lan.now + 0.2 * SECOND
  }
}

/** Echo requests to every address of a subnet behind the gateway. */
export const icmpSweep = byOne(
  on(10, 14),
  'PC-BERND',
  MINUTE,
  'echo requests to 254 addresses',
  ({ lan }, attacker) => pingAll(lan, attacker),
)

function* pingAll(lan: Lan, attacker: Station): Process {
  yield* lan.reach(attacker)
  for (let host = 1; host < 255; host++) {
    const dst = `192.168.20.${host}`
    const message = echo({ id: 9000, seq: host }, noise(32, 3))
    lan.wire.send(attacker.mac, GATEWAY.mac, ipv4({ src: attacker.ip, dst }, message))
    yield lan.now + 60_000
  }
}
