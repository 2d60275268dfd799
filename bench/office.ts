import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { type Truth } from '../test/generate/office/attacks/attack.ts'
import { Office } from '../test/generate/office/office.ts'
import { type OfficeOptions, officeArguments } from '../test/generate/office/options.ts'
import { DAY, MINUTE } from '../test/generate/office/station.ts'

/**
 * What `orthrus replay` has to say about an ordinary office, day by day, and about attacks in it:
 * node office.js [--days N] [--seed S] [--density D] [--attack NAME[@HOUR],…|all] [-- REPLAY-OPTION…]
 * With attacks the office is replayed without them as well: an alert that is there too is no credit.
 */

/** Days after which everything is learnt. */
const LEARNT = 7
/** An attack may end before its alert. */
const GRACE = 15 * MINUTE
/** While everything is new, a line for each alert up to so many of one rule. */
const SHOWN = 12

interface Alert {
  readonly '@timestamp': string
  readonly message?: string
  readonly event: { readonly id: string; readonly kind: string }
  readonly labels?: { readonly level?: string }
  readonly rule?: { readonly name: string }
  readonly device?: { readonly id?: string }
  readonly source?: { readonly ip?: string; readonly mac?: string }
  readonly destination?: { readonly ip?: string; readonly domain?: string }
  readonly dns?: { readonly question?: { readonly name?: string } }
}

interface Outcome {
  readonly alerts: readonly Alert[]
  /** The sensor about itself: what a silence kept back. */
  readonly notices: readonly Alert[]
  readonly truth: readonly Truth[]
  readonly start: number
}

const orthrus = resolve(import.meta.dirname, '../../../bin/orthrus')

/** The office through a process of its own; generator and sensor run side by side. */
async function replay(options: OfficeOptions, more: readonly string[]): Promise<Outcome> {
  const begun = performance.now()
  const office = new Office(options)
  const sensor = spawn(orthrus, ['replay', ...more, '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(sensor, 'close')
  const alerts: Alert[] = []
  const lines = createInterface({ input: sensor.stdout })
  const notices: Alert[] = []
  lines.on('line', line => {
    const said: Alert = JSON.parse(line)
    if (said.event.kind === 'alert') alerts.push(said)
    else notices.push(said)
  })
  await pipeline(office.stream(), sensor.stdin)
  const [status] = await ended
  if (status !== 0) throw new Error(`orthrus replay ended with status ${status}`)
  const seconds = (performance.now() - begun) / 1000
  const { frames, bytes } = office.counts
  console.log(
    `${frames} packets, ${(bytes / 1e9).toFixed(1)} GB in ${seconds.toFixed(1)} s: ${Math.round(frames / seconds).toLocaleString('en')} packets/s, generator included`,
  )
  return { alerts, notices, truth: office.truth, start: office.start }
}

const timeOf = (alert: Alert) => Date.parse(alert['@timestamp']) * 1000
const dayOf = (alert: Alert, start: number) => Math.floor((timeOf(alert) - start) / DAY)

function entityOf({ source, device }: Alert): string {
  return source?.ip ?? source?.mac ?? device?.id ?? '?'
}

function about({ dns, destination, message }: Alert): string {
  return dns?.question?.name ?? destination?.domain ?? destination?.ip ?? message ?? ''
}

/** Every alert of each day, then how many of each rule a day. */
function tell({ alerts, notices, start }: Outcome, days: number): void {
  const shown = new Map<string, number>()
  for (let day = 0; day < days; day++) {
    const today = alerts.filter(alert => dayOf(alert, start) === day)
    console.log(`\nday ${day + 1}: ${today.length} alerts`)
    for (const alert of today) {
      const name = titleOf(alert)
      const count = (shown.get(name) ?? 0) + 1
      shown.set(name, count)
      if (day < LEARNT && count > SHOWN) continue
      const time = alert['@timestamp'].slice(11, 19)
      console.log(`  ${time}  ${entityOf(alert).padEnd(18)} ${name}  ${about(alert)}`)
    }
  }
  console.log(`\n${'alerts'.padEnd(52)} level         ${dayNumbers(days)}   all  learnt`)
  for (const [name, list] of byRule(alerts)) tellRule(name, list, start, days)
  console.log('notices of what was kept back')
  for (const [name, list] of byRule(notices)) tellRule(name, list, start, days)
  const learnt = alerts.filter(alert => dayOf(alert, start) >= LEARNT).length
  if (days > LEARNT) {
    const each = learnt / (days - LEARNT)
    const verdict = each <= 3 ? 'met' : 'MISSED'
    console.log(`after ${LEARNT} days: ${each.toFixed(1)} alerts a day  target 3: ${verdict}`)
  }
}

function tellRule(name: string, list: readonly Alert[], start: number, days: number): void {
  const counts = Array.from(
    { length: days },
    (_, day) => list.filter(alert => dayOf(alert, start) === day).length,
  )
  const learnt = counts.slice(LEARNT).reduce((sum, count) => sum + count, 0)
  const cells = counts.map(count => String(count || '.').padStart(4)).join('')
  const level = (list[0]?.labels?.level ?? '').padEnd(13)
  console.log(`${name.padEnd(52)} ${level} ${cells} ${String(list.length).padStart(5)} ${learnt}`)
}

function dayNumbers(days: number): string {
  return Array.from({ length: days }, (_, day) => String(day + 1).padStart(4)).join('')
}

/** The sensor's own notices need no rule. */
const titleOf = ({ rule, message }: Alert) => rule?.name ?? message ?? '?'

function byRule(alerts: readonly Alert[]): [string, Alert[]][] {
  const rules = new Map<string, Alert[]>()
  for (const alert of alerts) {
    const list = rules.get(titleOf(alert)) ?? []
    rules.set(titleOf(alert), [...list, alert])
  }
  return [...rules].sort((a, b) => b[1].length - a[1].length)
}

/** Whether each attack was told of, who was named, and how long it took. */
function judge({ alerts, truth }: Outcome, benign: Outcome): void {
  const usual = new Set(benign.alerts.map(alert => alert.event.id))
  const found = new Map<Truth | undefined, Alert[]>()
  for (const alert of alerts) {
    if (usual.has(alert.event.id)) continue
    const one = meant(alert, truth)
    found.set(one, [...(found.get(one) ?? []), alert])
  }
  console.log(`\n${'attack'.padEnd(18)} ${'entity'.padEnd(16)} verdict`)
  for (const one of truth) {
    const named = found.get(one) ?? []
    const [first] = named
    const late = first === undefined ? 0 : (timeOf(first) - one.start) / MINUTE
    const titles = [...new Set(named.map(titleOf))].join('; ')
    const verdict =
      first === undefined ? `MISSED: ${one.expected}` : `after ${late.toFixed(1)} min: ${titles}`
    console.log(`${one.name.padEnd(18)} ${one.entity.ip.padEnd(16)} ${verdict}`)
  }
  const caught = truth.filter(one => found.has(one)).length
  console.log(`caught ${caught} of ${truth.length}; alerts that name nobody of them:`)
  for (const alert of found.get(undefined) ?? []) {
    console.log(`  ${alert['@timestamp']}  ${entityOf(alert).padEnd(18)} ${titleOf(alert)}`)
  }
}

/** The attack that an alert tells of: of those that fit, the shortest. */
function meant(alert: Alert, truth: readonly Truth[]): Truth | undefined {
  const [first] = truth
    .filter(one => isWithin(alert, one) && names(alert, one))
    .sort((a, b) => a.end - a.start - (b.end - b.start))
  return first
}

function isWithin(alert: Alert, { start, end }: Truth): boolean {
  const time = timeOf(alert)
  return time >= start && time <= end + GRACE
}

function names(alert: Alert, { entity }: Truth): boolean {
  const text = JSON.stringify(alert)
  return text.includes(`"${entity.ip}"`) || text.includes(macText(entity.mac))
}

function macText(mac: string): string {
  return mac.toUpperCase().replaceAll(':', '-')
}

const [own, more] = split(process.argv.slice(2))
const { options } = officeArguments(own)
const { days, attacks } = options
console.log(`office: ${days} days of 32 devices`)
const benign = await replay({ ...options, attacks: [] }, more)
tell(benign, days)
if (attacks.length > 0) judge(await replay(options, more), benign)

/** What stands behind `--` is for the sensor. */
function split(args: readonly string[]): [readonly string[], readonly string[]] {
  const at = args.indexOf('--')
  return at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)]
}
