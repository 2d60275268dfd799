import { sshBanner, sshKexInit } from '../application.ts'
import { concat, fill, u8 } from '../bytes.ts'
import { ipv4 } from '../ip.ts'
import { ethernet } from '../link.ts'
import { echo } from '../transport.ts'
import { GATEWAY } from './cast.ts'
import { local } from './inside.ts'
import { type Lan } from './lan.ts'
import { payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { MINUTE, SECOND, type Station } from './station.ts'
import { datagrams, type Say } from './talk.ts'
import { plainSays } from './web.ts'

/** Each minute: is everything there? */
export function* monitoring(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('monitoring')
  const targets = [lan.station('nas'), ...lan.ofRole('printer')]
  for (let round = 0; ; round++) {
    yield lan.now + MINUTE + dice.int(-4000, 4000)
    if (!station.online) continue
    yield* ping(lan, station, GATEWAY, round)
    for (const target of targets) {
      yield* ping(lan, station, target, round)
      yield* snmp(lan, station, target)
      yield lan.now + 0.2 * SECOND
    }
    if (round % 5 === 0) yield* slowChecks(lan, station)
  }
}

function* ping(
  lan: Lan,
  station: Station,
  target: { readonly mac: string; readonly ip: string },
  seq: number,
): Process {
  yield* lan.reach(station, target)
  const content = fill(56, 0x61)
  const send = (from: typeof target, to: typeof target, reply: boolean) =>
    lan.wire.frame(
      ethernet(
        { src: from.mac, dst: to.mac },
        ipv4({ src: from.ip, dst: to.ip }, echo({ id: 77, seq: seq & 0xffff, reply }, content)),
      ),
    )
  send(station, target, false)
  yield lan.now + 400
  send(target, station, true)
  yield lan.now + 10_000
}

const SYS_UPTIME = [0x06, 0x08, 0x2b, 6, 1, 2, 1, 1, 3, 0]

/** A GetRequest or Response of SNMPv2c for sysUpTime (RFC 3416). */
function snmpMessage(pdu: number, value: readonly number[], id: number): Uint8Array {
  const sequence = (tag: number, content: Uint8Array) => concat(u8(tag, content.length), content)
  const binding = sequence(0x30, u8(...SYS_UPTIME, ...value))
  const body = concat(u8(2, 2, id >>> 8, id, 2, 1, 0, 2, 1, 0), sequence(0x30, binding))
  return sequence(0x30, concat(u8(2, 1, 1, 4, 6), 'office', sequence(pdu, body)))
}

function* snmp(lan: Lan, station: Station, target: Station): Process {
  const { dice } = station
  const id = dice.int(256, 32_767)
  const ticks = [0x43, 4, 1, dice.int(0, 255), dice.int(0, 255), dice.int(0, 255)]
  yield* datagrams(lan, {
    client: station.end(),
    server: target.end(161),
    says: [
      { from: 'client', data: payload(snmpMessage(0xa0, [5, 0], id)) },
      { from: 'server', data: payload(snmpMessage(0xa2, ticks, id)), wait: 900 },
    ],
  })
}

function* slowChecks(lan: Lan, station: Station): Process {
  const userAgent = 'check_http/v2.3.3 (monitoring-plugins 2.3.3)'
  for (const target of lan.ofRole('printer').slice(0, 2)) {
    const says = plainSays(target.ip, { target: '/', userAgent, type: 'text/html', size: 3200 })
    lan.spawn(local(lan, station, target, 80, says))
  }
  const says: Say[] = [
    { from: 'server', data: payload(sshBanner('OpenSSH_8.2')), wait: 3000 },
    { from: 'client', data: payload(sshBanner('check_ssh_2.3.3')), wait: 200 },
    { from: 'server', data: payload(sshKexInit()), wait: 300 },
  ]
  yield* local(lan, station, lan.station('nas'), 22, says)
}
