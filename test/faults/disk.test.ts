import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryHead } from '../../src/outbox/entry.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { accept, imbalance, keeper, names, open, until } from '../outbox/harness.ts'
import { startProgram } from '../sinks/support/process.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { fill, smallDisk } from '../storage/small-disk.ts'
import { imageAt, type Step, stepsOf } from './power-cut.ts'
import { randomFrom, rounds, seed } from './rounds.ts'
import { acceptTraced, hasStrace, startAcceptor, type Traced } from './strace.ts'

const points = rounds * 10
const accepted = 60

const ids = ({ said }: Pick<Traced, 'said'>) => said.flatMap(({ id }) => id ?? [])
const lastHealth = ({ said }: Pick<Traced, 'said'>) => said.findLast(one => one.health)
const health = (run: Pick<Traced, 'said'>) => lastHealth(run)?.health

/** The alerts in a memory, and how many entries the disk did not keep. */
async function alertsIn(directory: string) {
  const environment = await openEnvironment({ directory })
  const page = environment.page('alerts', { limit: 10_000 })
  const { setAside } = environment
  await environment.close()
  const found = page.flatMap(({ value }) => {
    if (value === undefined) return []
    const { event, message } = JSON.parse(value.toString('utf8', entryHead(value).length))
    return [{ id: event.id as string, whole: message === event.id.slice(1).repeat(100) }]
  })
  return { found, damaged: page.length - found.length, setAside }
}

const failing = (when: string) => [
  '-e',
  'trace=fdatasync',
  '-e',
  `inject=fdatasync:error=EIO:when=${when}`,
]

/** Syncs before the first alert: the tables are made. */
async function syncsOfOpening(): Promise<number> {
  const { trace } = await acceptTraced(['-e', 'trace=fdatasync'], { count: 0 })
  return trace.filter(line => line.includes('fdatasync(')).length
}

describe.skipIf(!hasStrace)('the disk', () => {
  test(`T2: the power goes at ${points} points, and every accepted alert is there`, async () => {
    const tracing = [
      '-xx',
      '-s',
      '1048576',
      '-e',
      'trace=openat,pwrite64,writev,lseek,fdatasync,write',
    ]
    const run = await acceptTraced(tracing, { count: accepted })
    expect(ids(run)).toHaveLength(accepted)
    const file = join(run.directory, 'memory/data.mdb')
    const steps = stepsOf(run.trace, file)
    const random = randomFrom(seed)
    // All of it, in order, is the file itself: nothing of the trace was misread.
    const all = imageAt(steps, steps.length, { random: () => 0 })
    expect(all.equals(readFileSync(file).subarray(0, all.length))).toBe(true)

    const begin = steps.findIndex(step => step.kind === 'said')
    const losses: string[] = []
    let control = 0
    for (let point = 0; point < points; point++) {
      const at = begin + 1 + Math.floor(random() * (steps.length - begin - 1))
      const cut = await afterCut(imageAt(steps, at, { random }), toldIn(steps.slice(0, at)))
      if (cut !== '') losses.push(`${cut} at step ${at} of ${steps.length}, SEED=${seed}`)
      if (point >= points / 5) continue
      // The control: were syncs no syncs, the same method would find losses.
      const image = imageAt(steps, at, { random, believesSync: false })
      if ((await afterCut(image, toldIn(steps.slice(0, at)))) !== '') control++
    }
    expect(losses).toEqual([])
    expect(control).toBeGreaterThan(0)
  }, 600_000)

  test('T3: an alert counts as accepted only after its sync has returned', async () => {
    const delay = 300
    const slow = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:delay_enter=${delay * 1000}`]
    const { said } = await acceptTraced(slow, { count: 5 })
    const times = said.flatMap(({ ms }) => ms ?? [])
    expect(times).toHaveLength(5)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(delay)
  }, 120_000)

  test('T5: a sync that fails once is made up for, and nothing is lost', async () => {
    const run = await acceptTraced(failing(String((await syncsOfOpening()) + 3)), { count: 20 })
    expect(run.trace.filter(line => line.includes('INJECTED'))).toHaveLength(1)
    expect(ids(run)).toHaveLength(20)
    expect(health(run)).toBe('up')
    const { found, damaged } = await alertsIn(run.directory)
    expect(found.map(one => one.id)).toEqual(ids(run))
    expect([damaged, found.every(one => one.whole)]).toEqual([0, true])
  }, 120_000)

  test('T5: while no sync works none is accepted, and the outbox says that it is down', async () => {
    const run = startAcceptor()
    await run.until(() => ids(run).length > 3)
    const faulty = startProgram('strace', [
      ...['-f', '-p', String(run.pid), '-e', 'trace=fdatasync'],
      ...['-e', 'inject=fdatasync:error=EIO'],
    ])
    await run.until(() => health(run) === 'down')
    expect(lastHealth(run)).toEqual({ health: 'down', ready: 503, live: 200 })
    const before = ids(run).length
    // Through three reopenings: still nothing counts.
    await new Promise(done => setTimeout(done, 1000))
    expect(ids(run)).toHaveLength(before)
    faulty.kill('SIGINT')
    await run.until(() => health(run) === 'up' && ids(run).length > before + 3)
    expect(lastHealth(run)).toMatchObject({ ready: 200, live: 200 })
    await run.end()
    const { found, damaged } = await alertsIn(run.directory)
    expect(found.map(one => one.id)).toEqual(expect.arrayContaining([...ids(run)]))
    expect([damaged, found.every(one => one.whole)]).toEqual([0, true])
  }, 120_000)
})

describe.skipIf(process.getuid?.() !== 0)('a full disk (needs root to mount a small one)', () => {
  test('T4: kept full for 4 s, then alerts are accepted and delivered within 5 s of room', async context => {
    const disk = smallDisk('12m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const filler = join(disk, 'filler')
    // Pauses as the sensor has them.
    const environment = await openTemporary(join(disk, 'state'))
    const sink = keeper()
    const outbox = await open(environment, { sink }, { baseMs: 500 })
    await accept(outbox, names(50), { level: 'critical', size: 1000 })
    await until(() => sink.ids.length === 50)
    fill(filler)
    let isAccepted = false
    const late = names(100, 'late')
    const accepted = accept(outbox, late, { level: 'critical', size: 30_000 }).then(() => {
      isAccepted = true
    })
    await until(() => environment.health().state === 'disk_full')
    for (let n = 0; n < 40; n++) {
      // What the outbox kept back for itself is taken as well.
      fill(filler)
      await new Promise(done => setTimeout(done, 100))
    }
    expect(isAccepted).toBe(false)
    expect(environment.health()).toMatchObject({ state: 'disk_full' })
    expect(environment.health().waiting).toBeGreaterThan(0)
    rmSync(filler)
    const start = performance.now()
    await accepted
    await until(() => sink.ids.length === 150)
    const ms = performance.now() - start
    process.stdout.write(`  everything accepted and delivered ${Math.round(ms)} ms after room\n`)
    expect(ms).toBeLessThan(5000)
    expect(sink.ids).toEqual([...names(50), ...late])
    await outbox.close(1000)
    expect(environment.health()).toEqual({ state: 'up', waiting: 0, refused: 0 })
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 150, dropped: 0, pending: 0 })
    expect(imbalance(outbox)).toEqual([])
  }, 120_000)
})

function toldIn(steps: readonly Step[]): string[] {
  const said = steps.flatMap(step => (step.kind === 'said' ? [step.text] : [])).join('')
  return [...said.matchAll(/"id":"(a\d+)"/g)].map(([, id = '']) => id)
}

/** What is wrong with a memory of which the disk kept this; '' for nothing. */
async function afterCut(image: Buffer, told: readonly string[]): Promise<string> {
  const directory = join(temporaryDirectory(), 'state')
  mkdirSync(join(directory, 'memory'), { recursive: true })
  writeFileSync(join(directory, 'memory/data.mdb'), image)
  try {
    const { found, damaged, setAside } = await alertsIn(directory)
    if (setAside !== undefined) return 'it does not open'
    const known = new Set(found.filter(one => one.whole).map(one => one.id))
    const missing = told.filter(id => !known.has(id)).length
    return missing + damaged === 0 ? '' : `${missing} of ${told.length} missing, ${damaged} damaged`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
