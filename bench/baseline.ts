import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Baseline, type BaselineStore } from '../src/baseline/store.ts'
import { StoredBaselineStore } from '../src/baseline/stored-store.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { type Journal } from '../src/storage/journal.ts'
import { journalFor } from '../test/storage/journal.ts'

/**
 * Baselines of ten rules with a million values in all, each of its own text, which is the worst:
 * cost of a look-up, memory, what a start takes, and growth over ten million events (EVENTS).
 */

const RULES = 10
const ENTITIES = 500
const VALUES = 200
const EVENTS = Number(process.env['EVENTS'] ?? 10_000_000)
const SLICES = 20
/** Rounds of look-ups in which V8 has not yet compiled them all. */
const WARM = 3
const HOUR = 3600e6
const LIMIT = RULES * ENTITIES * VALUES * 1.05
const LIMITS = { entities: 50_000, valuesPerEntity: 4096, overflow: 'freeze' } as const

function tell(name: string, value: number, unit: string, target?: number): void {
  const figure = value < 10 ? value.toFixed(2) : value.toFixed(0)
  const verdict = value <= (target ?? value) ? 'met' : 'MISSED'
  const aim = target === undefined ? '' : `  target ${target} ${unit}: ${verdict}`
  console.log(`${name.padEnd(52)} ${figure.padStart(7)} ${unit.padEnd(4)}${aim}`)
}

/** MiB that are this process' alone. */
function rssAnon(): number {
  globalThis.gc?.()
  const line = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}

function openAll(store: BaselineStore): Baseline[] {
  return Array.from({ length: RULES }, (_, rule) =>
    store.open({ id: `rule-${rule}`, hash: 'h', forgetAfter: 30 * 24 * HOUR, limits: LIMITS }),
  )
}

async function openStore(directory: string) {
  const environment = await openEnvironment({ directory })
  const journal = journalFor(environment)
  return {
    environment,
    journal,
    store: new StoredBaselineStore({ environment, journal, limit: LIMIT }),
  }
}

/** As a decoder makes it: not put together of others. */
const fresh = (text: string) => Buffer.from(text).toString('latin1')
const entityName = (entity: number) => fresh(`d${entity}f00ba7`)
const valueName = (rule: number, entity: number, value: number) =>
  fresh(`host${value * ENTITIES + entity}.rule${rule}.example.com`)

/** ms of processor time of all threads so far: others use this machine too. */
function busy(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Learns all values. */
async function fill(directory: string): Promise<void> {
  const { environment, journal, store } = await openStore(directory)
  const baselines = openAll(store)
  const begun = busy()
  for (let value = 0; value < VALUES; value++) {
    for (const [rule, baseline] of baselines.entries()) {
      for (let entity = 0; entity < ENTITIES; entity++) {
        baseline.observe(entityName(entity), valueName(rule, entity, value), value * 1e6)
      }
      await journal.flush()
    }
  }
  tell('learning a new value, on the disk, CPU', (busy() - begun) / 1000, 'µs')
  await store.flush()
  await environment.close()
}

/** Opens what is there, then looks up. */
async function start(directory: string): Promise<void> {
  const { environment, journal, store } = await openStore(directory)
  const before = rssAnon()
  const begun = busy()
  const baselines = openAll(store)
  tell('start: rules open their baselines, CPU', busy() - begun, 'ms', 50)
  const opened = busy()
  const { values } = store
  tell(`after it, ${values} values are read: CPU`, busy() - opened, 'ms')
  // What was read is freed by a sweep of its own, after the collection.
  rssAnon()
  await sleep(500)
  tell('memory of them, RssAnon', rssAnon() - before, 'MiB', 100)
  lookUp(baselines)
  const before10 = environment.fileBytes()
  const slices: Slice[] = []
  for (let slice = 0; slice < SLICES; slice++) {
    slices.push(await grow(baselines, store, journal, EVENTS / SLICES))
  }
  flat(slices)
  tell('growth of the file', (environment.fileBytes() - before10) / 2 ** 20, 'MiB', 200)
  tell('file', environment.fileBytes() / 2 ** 20, 'MiB')
  const flushing = busy()
  await store.flush()
  tell('end: what changed is written, CPU', busy() - flushing, 'ms')
  await environment.close()
}

/** The run in parts: memory may go up and down within it, but not upwards in the long run. */
function flat(slices: readonly Slice[]): void {
  const quarter = slices.length / 4
  const quarters = [0, 1, 2, 3].map(n => slices.slice(n * quarter, (n + 1) * quarter))
  for (const [n, part] of quarters.entries()) {
    const name = `events ${(n * EVENTS) / 4e6} to ${((n + 1) * EVENTS) / 4e6} million`
    tell(`${name}: RssAnon, median`, median(part.map(({ memory }) => memory)), 'MiB')
    tell(`${name}: CPU an event`, median(part.map(({ cost }) => cost)), 'ns')
  }
  const of = (n: number, what: keyof Slice) => median((quarters[n] ?? []).map(one => one[what]))
  tell('memory, last quarter over first', of(3, 'memory') - of(0, 'memory'), 'MiB', 10)
  tell('CPU an event, last quarter over first', of(3, 'cost') / of(0, 'cost'), '', 1.1)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Texts are made before and new, as from the wire, so that V8 has no hash of them. */
function lookUp(baselines: readonly Baseline[]): void {
  const count = 200_000
  const costs: number[] = []
  for (let round = 0; round < WARM + 7; round++) {
    const [baseline] = baselines.slice(round)
    const asked = Array.from({ length: count }, (_, index) => {
      const entity = Math.imul(index, 7919) % ENTITIES
      const value = Math.imul(index, 104_729) % VALUES
      return [
        entityName(Math.abs(entity)),
        valueName(round, Math.abs(entity), Math.abs(value)),
      ] as const
    })
    let known = 0
    const begun = busy()
    for (const [entity, value] of asked) {
      if (baseline?.observe(entity, value, 1e9).pair !== undefined) known++
    }
    if (round >= WARM) costs.push(((busy() - begun) * 1e6) / count)
    if (known !== count) throw new Error(`only ${known} of ${count} were known`)
  }
  tell('look-up, count and answer, CPU, median', costs.toSorted((a, b) => a - b)[3] ?? 0, 'ns', 300)
}

interface Slice {
  /** MiB. */
  readonly memory: number
  /** ns. */
  readonly cost: number
}

/** A day of event time in a million events; each thousandth brings a value that is new. */
async function grow(
  baselines: readonly Baseline[],
  store: StoredBaselineStore,
  journal: Journal,
  events: number,
): Promise<Slice> {
  const begun = busy()
  for (let event = 0; event < events; event++) {
    clock += (24 * HOUR) / 1e6
    store.advance(clock)
    const entity = event % ENTITIES
    const rule = event % RULES
    const value = event % 1000 === 0 ? VALUES + added++ : (event >> 4) % VALUES
    baselines[rule]?.observe(entityName(entity), valueName(rule, entity, value), clock)
    if (event % 4096 === 0) await journal.flush()
  }
  const cost = ((busy() - begun) * 1e6) / events
  await sleep(100)
  return { memory: rssAnon(), cost }
}

let clock = HOUR
/** Values that come besides those of the beginning. */
let added = 0

/** As `bin/orthrus` starts the sensor. */
const flags = ['--max-semi-space-size=8', '--expose-gc']

const [, , phase, given] = process.argv
if (phase === 'fill') await fill(given ?? '')
else if (phase === 'start') await start(given ?? '')
else {
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  try {
    for (const one of ['fill', 'start']) {
      const args = [...flags, process.argv[1] ?? '', one, directory]
      const malloc = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' }
      const env = { ...process.env, ...malloc }
      execFileSync(process.execPath, args, { stdio: 'inherit', env })
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
