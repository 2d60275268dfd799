import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { Office } from '../test/generate/office/office.ts'
import { type OfficeOptions, officeArguments } from '../test/generate/office/options.ts'
import { DAY } from '../test/generate/office/station.ts'
import { type Alert, entityOf, judge, type Outcome, timeOf, titleOf } from './lib/office-judge.ts'

/**
 * What `orthrus replay` has to say about an ordinary office, day by day, and about attacks in it:
 * node office.js [--days N] [--seed S] [--density D] [--attack NAME[@HOUR],…|all] [--table FILE] [-- REPLAY-OPTION…]
 * With attacks the office is replayed without them as well: an alert that is there too is no credit.
 * FILE gets how long each attack went unseen, for `docs/detectors.md`.
 */

/** Days after which everything is learnt. */
const LEARNT = 7
/** While everything is new, a line for each alert up to so many of one rule. */
const SHOWN = 12

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

const dayOf = (alert: Alert, start: number) => Math.floor((timeOf(alert) - start) / DAY)

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

function byRule(alerts: readonly Alert[]): [string, Alert[]][] {
  const rules = new Map<string, Alert[]>()
  for (const alert of alerts) {
    const list = rules.get(titleOf(alert)) ?? []
    rules.set(titleOf(alert), [...list, alert])
  }
  return [...rules].sort((a, b) => b[1].length - a[1].length)
}

const [words, more] = split(process.argv.slice(2))
const [own, table] = takeTable(words)
const { options } = officeArguments(own)
const { days, attacks, indicator = 'update.blackpetal.net' } = options
const folder = mkdtempSync(join(tmpdir(), 'orthrus-office-'))
console.log(`office: ${days} days of 32 devices`)
const warned = [...warnOf(indicator), ...more]
const benign = await replay({ ...options, attacks: [] }, warned)
tell(benign, days)
if (attacks.length > 0) {
  const findings = judge(await replay({ ...options, indicator }, warned), benign)
  if (table !== undefined) writeFileSync(table, `${JSON.stringify(findings, undefined, 2)}\n`)
}
rmSync(folder, { recursive: true })

/** Configuration with a list of threats that warns of one domain. */
function warnOf(domain: string): string[] {
  const [list, config] = [join(folder, 'warned.txt'), join(folder, 'orthrus.yaml')]
  writeFileSync(list, `${domain}\n`)
  writeFileSync(config, `detectors: { indicator: { sources: [${list}] } }\n`)
  return ['-c', config]
}

function takeTable(args: readonly string[]): [readonly string[], string | undefined] {
  const at = args.indexOf('--table')
  return at < 0 ? [args, undefined] : [args.toSpliced(at, 2), args[at + 1]]
}

/** What stands behind `--` is for the sensor. */
function split(args: readonly string[]): [readonly string[], readonly string[]] {
  const at = args.indexOf('--')
  return at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)]
}
