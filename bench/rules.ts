import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Plan } from '../src/rules/admission/admit.ts'
import { type Program } from '../src/rules/admission/program.ts'
import { indexed } from '../src/rules/engine/indexed.ts'
import { fullScan, type Matcher } from '../src/rules/evaluate/full-scan.ts'
import { loadRules } from '../src/rules/load.ts'
import { type Kind } from '../src/rules/mapping/kind.ts'
import { unoptimised } from '../src/rules/unoptimised.ts'
import { type BenchEvent, makeEvents, readerOf } from './lib/events.ts'
import { liveCapture, liveEvents } from './lib/live-events.ts'
import { ruleTexts } from './lib/rules.ts'

const sizes = [10, 100, 1000, 5000, 10_000]
/** ns an event on the reference machine. */
const targets: Readonly<Record<number, number>> = { 1000: 1000, 5000: 2000, 10000: 3500 }
const loadTarget = 1000
const heapTarget = 64
const passes = 7
const eventsAPass = 40_000
/** Each decodes the capture anew. */
const livePasses = 4

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

console.log(
  'Sigma matching: 45 % DNS, 20 % TLS, 35 % flows; rules of the same shares; processor time',
)
console.log(
  'rules   index ns   closures ns   full scan ns   ratio   asked/event   matches        load ms   heap MB',
)
const plans = sizes.map(size => ({ size, programs: measure(size) }))

using capture = liveCapture(8000, 5)
const { events: sample } = await liveEvents(capture.file)
const shares = ['dns', 'tls', 'flow'].map(kind => {
  const count = sample.filter(event => event.kind === kind).length
  return `${((100 * count) / sample.length).toFixed(0)} % ${kind}`
})
console.log(`\nThe same rules on live events, read through their slots: ${shares.join(', ')}`)
console.log('rules   index ns   first time ns   full scan ns   ratio   asked/event   matches')
for (const { size, programs } of plans) await measureLive(size, programs)

function measure(size: number): readonly Program[] {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  for (const [index, text] of ruleTexts(size).entries()) {
    writeFileSync(join(folder, `${index}.yml`), text)
  }
  const before = heap()
  const started = cpu()
  let plan: Plan | undefined = loadRules([folder])
  const parsed = cpu()
  const { programs } = plan
  const index = unoptimised(() => indexed(programs, readerOf))
  const loaded = cpu() - started
  const parsing = parsed - started
  rmSync(folder, { recursive: true })
  if (plan.set.faults.length > 0) throw new Error(plan.set.faults[0]?.message)
  const used = (heap() - before) / 2 ** 20
  plan = undefined
  const fast = time(index, eventsAPass, passes)
  const { candidates, events } = index.counts
  const closures = time(indexed(programs, readerOf, { functions: 'closures' }), eventsAPass / 4, 3)
  const few = Math.max(Math.round(2e6 / size), 200)
  const slow = time(fullScan(programs, readerOf), Math.min(few, eventsAPass / 4), 3)
  agree(programs, index)
  const load = `${loaded.toFixed(0)} (${parsing.toFixed(0)} files)`
  console.log(
    `${String(size).padStart(5)} ${fast.toFixed(0).padStart(10)} ${closures.toFixed(0).padStart(13)} ${slow.toFixed(0).padStart(14)} ${(slow / fast).toFixed(0).padStart(6)}x ${(candidates / events).toFixed(1).padStart(13)} ${(index.counts.matches / events).toFixed(3).padStart(9)} ${load.padStart(16)} ${used.toFixed(1).padStart(7)}${verdict(size, fast, loaded, used)}`,
  )
  return programs
}

/**
 * Best of some passes over events decoded anew: once as they come, when the first to ask makes their
 * texts and fingerprints (which is the decoder's work), and once more, when only matching is left.
 */
async function measureLive(size: number, programs: readonly Program[]): Promise<void> {
  let [first, again, scan] = [Infinity, Infinity, Infinity]
  let counts = { events: 1, candidates: 0, matches: 0 }
  const some = Math.min(Math.max(Math.round(1e6 / size), 100), sample.length / livePasses)
  for (let round = 0; round < livePasses; round++) {
    const { events, readerOf: live } = await liveEvents(capture.file)
    const index = indexed(programs, live)
    first = Math.min(first, pass(index, events))
    for (let turn = 0; turn < 3; turn++) again = Math.min(again, pass(index, events))
    const few = events.slice(round * some).slice(0, some)
    scan = Math.min(scan, pass(fullScan(programs, live), few))
    ;({ counts } = index)
  }
  const figures = [again, first, scan].map((one, at) =>
    one.toFixed(0).padStart([10, 15, 14][at] ?? 0),
  )
  console.log(
    `${String(size).padStart(5)} ${figures.join(' ')} ${(scan / again).toFixed(0).padStart(6)}x ${(counts.candidates / counts.events).toFixed(1).padStart(13)} ${(counts.matches / counts.events).toFixed(3).padStart(9)}${verdict(size, again)}`,
  )
}

/** ns an event. */
function pass<Event extends { readonly kind: Kind }>(
  matcher: Matcher<Event>,
  events: readonly Event[],
): number {
  const start = cpu()
  for (const event of events) matcher.match(event.kind, event, ignore)
  return ((cpu() - start) * 1e6) / events.length
}

function ignore(): void {
  // What is found is counted by the matcher.
}

function verdict(size: number, ns: number, load?: number, used?: number): string {
  const said: string[] = []
  const target = targets[size]
  if (target !== undefined) said.push(`target ${target} ns: ${ns <= target ? 'met' : 'MISSED'}`)
  if (size === 5000 && load !== undefined && used !== undefined) {
    said.push(`load ${loadTarget} ms: ${load <= loadTarget ? 'met' : 'MISSED'}`)
    said.push(`heap ${heapTarget} MB: ${used <= heapTarget ? 'met' : 'MISSED'}`)
  }
  return said.length === 0 ? '' : `  ${said.join(', ')}`
}

/** Best of some passes over events that no pass has seen, so that nothing is in a cache of strings. */
function time(matcher: Matcher<BenchEvent>, count: number, rounds: number): number {
  let best = Number.POSITIVE_INFINITY
  let found = 0
  const note = () => void found++
  for (let round = 0; round < rounds; round++) {
    const events = makeEvents(count, 100 + round)
    const start = cpu()
    for (const event of events) matcher.match(event.kind, event, note)
    best = Math.min(best, ((cpu() - start) * 1e6) / count)
  }
  return best
}

function agree(programs: readonly Program[], index: Matcher<BenchEvent>): void {
  const reference = fullScan(programs, readerOf)
  for (const event of makeEvents(500, 1)) {
    const [one, two]: [Program[], Program[]] = [[], []]
    reference.match(event.kind, event, program => one.push(program))
    index.match(event.kind, event, program => two.push(program))
    if (one.length !== two.length || one.some((program, at) => program !== two[at])) {
      throw new Error(`index and full scan differ on ${JSON.stringify(event)}`)
    }
  }
}

/** ms of processor time of all threads: on a shared machine neighbours must not count. */
function cpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function heap(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
