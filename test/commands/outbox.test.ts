import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { serveControl } from '../../src/operate/control.ts'
import { outboxHandlers } from '../../src/pipeline/control.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { accept, imbalance, keeper, names, open, refused, until } from '../outbox/harness.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { fill, smallDisk } from '../storage/small-disk.ts'
import { orthrus } from './orthrus.ts'

let state = ''

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

/** A stopped sensor's state: of ten alerts the sink `siem` refused two, `other` has all. */
beforeEach(async () => {
  state = join(temporaryDirectory(), 'state')
  const environment = await openEnvironment({ directory: state })
  const siem = keeper(batch =>
    batch.some(({ id }) => /[37]/.test(id)) ? refused('bad\u001b[2J') : undefined,
  )
  const outbox = await open(environment, { siem, other: keeper() })
  await accept(outbox, names(10))
  await outbox.close(5000)
  await environment.close()
})

describe('orthrus outbox', () => {
  test('status tells what became of the alerts of each sink', async () => {
    const { status, stdout } = await orthrus(['outbox', 'status', '--state', state, '-o', 'json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      waiting: 0,
      sinks: [
        { sink: 'other', accepted: 10, delivered: 10, dead: 0, pending: 0 },
        { sink: 'siem', accepted: 10, delivered: 8, dead: 2, pending: 0 },
      ],
      losses: [],
    })
    const text = await orthrus(['outbox', 'status', '--state', state, '-o', 'text'])
    expect(text.stdout).toMatch(/siem +10 +8 +0 +2 +0/)
  })

  test('list prints dead letters, and nothing that steers a terminal', async () => {
    const { stdout } = await orthrus(['outbox', 'list', '--state', state, '-o', 'json'])
    expect(lines(stdout)).toMatchObject([
      { sequence: 4, sink: 'siem', reason: 'rejected' },
      { sequence: 8, sink: 'siem', reason: 'rejected' },
    ])
    const text = await orthrus(['outbox', 'list', '8', '--state', state, '-o', 'text'])
    expect(text.stdout).toMatch(/^8 siem high rejected: bad/)
    expect(text.stdout).not.toContain('\u001b')
    expect(text.stdout.split('\n')).toHaveLength(3)
  })

  test('replay sends them once more, to their sink alone', async () => {
    const replayed = await orthrus(['outbox', 'replay', '--sink', 'siem', '--state', state])
    expect(replayed).toMatchObject({ status: 0, stderr: expect.stringMatching(/^2 go/) })
    const environment = await openEnvironment({ directory: state })
    const [siem, other] = [keeper(), keeper()]
    const outbox = await open(environment, { siem, other })
    await until(() => outbox.status.waiting === 0)
    await outbox.close(1000)
    expect(siem.ids).toEqual(['a3', 'a7'])
    expect(other.ids).toEqual([])
    expect(siem.alerts[0]?.document['labels']).toMatchObject({ replayed: 'true', level: 'high' })
    expect(outbox.status.sinks).toMatchObject({
      siem: { accepted: 12, delivered: 10, dead: 0, replayed: 2 },
      other: { accepted: 12, delivered: 10, filtered: 2 },
    })
    expect(imbalance(outbox)).toEqual([])
    await environment.close()
  })

  test('drop gives them up, and the ledger says so', async () => {
    expect(await orthrus(['outbox', 'drop', '4', '--state', state])).toMatchObject({ status: 0 })
    const { stdout } = await orthrus(['outbox', 'status', '--state', state, '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({
      sinks: [{}, { sink: 'siem', delivered: 8, dead: 1, dropped: 1 }],
      losses: [{ sink: 'siem', reason: 'operator', count: 1 }],
    })
  })

  test('dead letters of a sink that is no longer configured can be dropped, not replayed', async () => {
    const environment = await openEnvironment({ directory: state })
    const outbox = await open(environment, { other: keeper() })
    await outbox.close(1000)
    await environment.close()
    const run = (...args: string[]) => orthrus(['outbox', ...args, '--state', state])
    expect((await run('replay', '--all')).stderr).toMatch(/^0 go/)
    expect((await run('drop', '4')).stderr).toMatch(/^1 given up/)
    const again = await openEnvironment({ directory: state })
    const running = await open(again, { other: keeper() })
    const control = await serveControl(state, { version: () => [{}], ...outboxHandlers(running) })
    expect((await run('drop', '--sink', 'siem')).stderr).toMatch(/^1 given up/)
    await control.close()
    await running.close(1000)
    await again.close()
    expect((await run('list', '-o', 'json')).stdout).toBe('')
    expect(JSON.parse((await run('status', '-o', 'json')).stdout)).toMatchObject({
      sinks: [{ sink: 'other', accepted: 10, delivered: 10, pending: 0 }],
      losses: [{ sink: 'siem', reason: 'operator', count: 2 }],
    })
  })

  test.each(['replay', 'drop'])('%s wants to know which', async name => {
    const { status, stderr } = await orthrus(['outbox', name, '--state', state])
    expect([status, stderr]).toEqual([2, expect.stringContaining('--all')])
  })

  test('says that the sensor must be stopped', async () => {
    const environment = await openEnvironment({ directory: state })
    const { status, stderr } = await orthrus(['outbox', 'status', '--state', state])
    await environment.close()
    expect(status).toBe(1)
    expect(stderr).toContain(`in use by process ${process.pid}; stop that sensor`)
  })

  test('says that the disk is full instead of waiting for room', async context => {
    const disk = smallDisk('12m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const there = join(disk, 'state')
    cpSync(state, there, { recursive: true })
    fill(join(disk, 'filler'))
    const { status, stderr } = await orthrus(['outbox', 'drop', '--all', '--state', there])
    expect([status, stderr]).toEqual([1, expect.stringContaining('the disk is full')])
  })

  test('makes no memory where there is none', async () => {
    const nowhere = join(state, 'nowhere')
    const { status, stderr } = await orthrus(['outbox', 'status', '--state', nowhere])
    expect([status, stderr]).toEqual([1, expect.stringContaining('holds no memory')])
  })
})

test('a sensor that runs is asked, and what is replayed goes at once', async () => {
  const environment = await openTemporary(state)
  const [siem, other] = [keeper(), keeper()]
  const outbox = await open(environment, { siem, other })
  const control = await serveControl(state, {
    version: () => [{}],
    ...outboxHandlers(outbox),
  })
  onTestFinished(() => control.close())
  const run = (...args: string[]) => orthrus(['outbox', ...args, '--state', state])
  const before = JSON.parse((await run('status', '-o', 'json')).stdout)
  expect(before).toMatchObject({ waiting: 0, sinks: [{ sink: 'siem', dead: 2 }, { dead: 0 }] })
  expect(lines((await run('list', '-o', 'json')).stdout)).toMatchObject([
    { sequence: 4, sink: 'siem' },
    { sequence: 8, sink: 'siem' },
  ])
  expect((await run('replay', '4')).stderr).toBe('1 go now, for their sink alone\n')
  await until(() => siem.ids.length === 1)
  expect(siem.ids).toEqual(['a3'])
  expect((await run('drop', '--all')).stderr).toMatch(/^1 given up/)
  expect((await run('list', '-o', 'text')).stdout).toBe('no dead letters\n')
  await until(() => outbox.status.sinks['siem']?.pending === 0)
  expect(outbox.status.sinks).toMatchObject({
    siem: { accepted: 11, delivered: 9, dead: 0, dropped: 1, replayed: 1 },
    other: { accepted: 11, delivered: 10, filtered: 1 },
  })
  expect(imbalance(outbox)).toEqual([])
})
