import { greet } from './chatter.ts'
import { type Dice } from './dice.ts'
import { type Lan } from './lan.ts'
import { join } from './lease.ts'
import { type Process } from './schedule.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from './station.ts'
import { connectivityCheck } from './system.ts'

/** From when to when somebody is there. */
interface Stay {
  readonly from: number
  readonly to: number
}

/** Days (from 0) on which the guest comes. */
const GUEST_DAYS = [2, 5, 9, 12]

/** A device that is always there. */
export function* resident(lan: Lan, station: Station): Process {
  yield lan.now + station.dice.next() * 90 * SECOND
  yield* arrive(lan, station)
}

/**
 * A device that comes and goes with somebody. Laptops sleep while nobody is there unless they are
 * docked; phones go out at noon.
 */
export function* companion(lan: Lan, station: Station, owner: Dice, start: number): Process {
  const { part, dice } = station
  if (part.docked === true) {
    yield lan.now + dice.next() * 90 * SECOND
    yield* arrive(lan, station)
  }
  for (let day = 0; ; day++) {
    const midnight = start + day * DAY
    const stays = part.role === 'guest' ? guestDay(day, owner) : workday(day, owner, start)
    for (const { from, to } of stays) {
      yield midnight + from + dice.next() * 6 * MINUTE
      if (part.macDays !== undefined) changeMac(lan, station, day)
      if (!station.online) yield* arrive(lan, station)
      station.attended = true
      yield midnight + to + dice.next() * 4 * MINUTE
      station.attended = false
      if (part.docked !== true) leave(station)
    }
    yield midnight + DAY
  }
}

function* arrive(lan: Lan, station: Station): Process {
  yield* join(lan, station)
  lan.spawn(connectivityCheck(lan, station))
  lan.spawn(greet(lan, station))
}

function leave(station: Station): void {
  station.online = false
  station.neighbours.clear()
  station.names.clear()
  station.open.clear()
}

function workday(day: number, owner: Dice, start: number): Stay[] {
  const dice = owner.fork(day)
  const usual = owner.fork('usual')
  const weekday = new Date((start + day * DAY) / 1000).getUTCDay()
  if (weekday === 0 || weekday === 6) {
    if (!dice.chance(0.05)) return []
    const from = dice.around(11, 0.2) * HOUR
    return [{ from, to: from + dice.around(2.5, 0.5) * HOUR }]
  }
  // Ill, travelling or at home.
  if (dice.chance(0.08)) return []
  const from = (usual.around(8.6, 0.1) + dice.normal(0, 0.25)) * HOUR
  const to = from + (8.5 + dice.normal(0, 0.4)) * HOUR
  const noon = (usual.around(12.3, 0.03) + dice.normal(0, 0.15)) * HOUR
  if (!dice.chance(0.7)) return [{ from, to }]
  return [
    { from, to: noon },
    { from: noon + dice.around(42, 0.3) * MINUTE, to },
  ]
}

function guestDay(day: number, owner: Dice): Stay[] {
  if (!GUEST_DAYS.includes(day)) return []
  const dice = owner.fork(day)
  const from = dice.around(10.5, 0.1) * HOUR
  return [{ from, to: from + dice.around(4, 0.3) * HOUR }]
}

/** A phone takes a new random MAC every few days, and the DHCP server a new address for it. */
function changeMac(lan: Lan, station: Station, day: number): void {
  const { part } = station
  const period = Math.floor((day + (part.host % 3)) / (part.macDays ?? 1))
  const first = Math.floor((part.host % 3) / (part.macDays ?? 1))
  const mac = period === first ? part.mac : randomMac(station.dice.fork(`mac ${period}`))
  if (mac === station.mac) return
  station.mac = mac
  station.ip = lan.freeAddress()
  station.leaseUntil = 0
  leave(station)
}

/** Unicast, locally administered. */
export function randomMac(dice: Dice): string {
  const bytes = dice.bytes(6)
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')
}
