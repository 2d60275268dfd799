import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { SensorError } from '../../src/errors.ts'
import { readDeadLetter } from '../../src/outbox/dead-letter.ts'
import { type Alert } from '../../src/outbox/queued.ts'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { detectionTest } from '../../src/rules/detection-test.ts'
import { sequenceKey } from '../../src/storage/entry.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { openStore } from '../../src/storage/store.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import {
  accept,
  down,
  imbalance,
  keeper,
  made,
  names,
  onDisk,
  open,
  put,
  until,
} from './harness.ts'

describe('outbox', () => {
  test('takes alerts to every sink in order and removes them when all have them', async () => {
    const environment = await openTemporary()
    const [one, two] = [keeper(), keeper()]
    const outbox = await open(environment, { one, two })
    await accept(outbox, names(700))
    await outbox.close(5000)
    expect(one.ids).toEqual(names(700))
    expect(two.ids).toEqual(names(700))
    expect(onDisk(environment)).toEqual([])
    expect(outbox.status).toMatchObject({ waiting: 0, sinks: { one: { delivered: 700 } } })
    expect(imbalance(outbox)).toEqual([])
  })

  test('tells the sink what only the queue knows, and changes nothing else', async () => {
    const environment = await openTemporary()
    const sink = keeper()
    const outbox = await open(environment, { sink })
    const before = Date.now()
    const sequence = await outbox.accept(made('a', { level: 'critical', key: 'k' }))
    await outbox.close(5000)
    const [alert] = sink.alerts
    expect(alert).toMatchObject({ id: 'a', sequence, level: 'critical', key: 'k', replayed: false })
    expect(alert?.acceptedAt).toBeGreaterThanOrEqual(before)
    const { event, ...rest } = JSON.parse(alert?.json ?? '{}')
    const { event: _, ...expected } = made('a', { level: 'critical', key: 'k' })
    expect(rest).toEqual(expected)
    expect(event).toMatchObject({ id: 'a', kind: 'alert', sequence })
    expect(Date.parse(event.ingested)).toBeGreaterThanOrEqual(before)
  })

  test('begins with what the last run left, and a sink gets nothing twice', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const [dead, up] = [keeper(() => down()), keeper()]
    const before = await open(first, { up, dead })
    await accept(before, ['a', 'b'])
    await until(() => up.ids.length === 2)
    await before.close(1000)
    await put(first, ['c'])
    await first.close()
    const environment = await openTemporary(directory)
    expect(onDisk(environment)).toHaveLength(3)
    const [upAgain, downAgain] = [keeper(), keeper()]
    const outbox = await open(environment, { up: upAgain, dead: downAgain })
    expect(outbox.status.waiting).toBe(3)
    await accept(outbox, ['d'])
    await until(() => downAgain.ids.length === 4)
    await outbox.close(5000)
    expect(upAgain.ids).toEqual(['c', 'd'])
    expect(downAgain.ids).toEqual(['a', 'b', 'c', 'd'])
    expect(onDisk(environment)).toEqual([])
    expect(outbox.status.sinks).toMatchObject({
      up: { accepted: 4, delivered: 4, pending: 0 },
      dead: { accepted: 4, delivered: 4, pending: 0 },
    })
  })

  test('a sink that is down keeps its alerts and does not delay another', async () => {
    const environment = await openTemporary()
    let broken = true
    const bad = keeper(() => (broken ? down('no answer') : undefined))
    const up = keeper()
    const outbox = await open(environment, { bad, up })
    await accept(outbox, ['a', 'b'])
    await until(() => up.ids.length === 2 && outbox.status.sinks['bad']?.state === 'down')
    expect(outbox.status).toMatchObject({
      waiting: 2,
      sinks: {
        bad: { state: 'down', lastError: 'no answer', lastErrorClass: 'transient', pending: 2 },
        up: { state: 'up', pending: 0 },
      },
    })
    expect(onDisk(environment)).toHaveLength(2)
    broken = false
    await until(() => bad.ids.length === 2)
    expect(outbox.status.sinks['bad']?.state).toBe('up')
    await outbox.close(1000)
    expect(onDisk(environment)).toEqual([])
    expect(imbalance(outbox)).toEqual([])
  })

  test.each(['SINK_REJECTED', 'permanent'])(
    'an alert that is refused for good (%s) goes to the dead letters, alone',
    async kind => {
      const environment = await openTemporary()
      const error =
        kind === 'permanent'
          ? new SinkError('permanent', 'bad field', { status: 400, body: 'x'.repeat(5000) })
          : new SensorError('SINK_REJECTED', 'bad field')
      const picky = keeper(batch => (batch.some(({ id }) => id === 'a77') ? error : undefined), {
        limits: { alerts: 500 },
      })
      await put(environment, names(500))
      const outbox = await open(environment, { picky })
      await outbox.close(5000)
      expect(picky.ids).toEqual(names(500).filter(id => id !== 'a77'))
      // One alert in 500 is found in nine halvings; only those that hold it are in vain.
      expect(picky.state.sends).toBeLessThanOrEqual(1 + 9 * 2)
      expect(outbox.metrics.sinks['picky']?.attempts.failed).toBeLessThanOrEqual(10)
      expect(outbox.status.sinks['picky']).toMatchObject({ delivered: 499, dead: 1, pending: 0 })
      const [entry] = environment.page('dlq', { limit: 10 })
      const letter = readDeadLetter(entry?.value)
      expect(letter).toMatchObject({ sink: 'picky', reason: 'rejected', error: 'bad field' })
      expect(JSON.parse(letter?.alert ?? '{}')).toMatchObject({ event: { id: 'a77' } })
      if (kind === 'permanent') {
        expect(letter).toMatchObject({ status: '400', body: 'x'.repeat(1024) })
      }
      expect(onDisk(environment)).toEqual([])
      expect(imbalance(outbox)).toEqual([])
    },
  )

  test('a damaged entry is a dead letter and stops nobody', async () => {
    const environment = await openTemporary()
    const key = sequenceKey(7)
    await environment.commit([{ kind: 'put', table: 'alerts', key, value: '{"event":' }])
    await put(environment, ['a'])
    const sink = keeper()
    const outbox = await open(environment, { sink })
    await outbox.close(5000)
    expect(sink.ids).toEqual(['a'])
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 1, dead: 1 })
    expect(
      environment.page('dlq', { limit: 2 }).map(({ value }) => readDeadLetter(value)),
    ).toMatchObject([{ sequence: 7, reason: 'corrupt' }])
    expect(onDisk(environment)).toEqual([])
  })

  test('an alert whose number the disk has changed gets another, and the next ones go on', async () => {
    const environment = await openTemporary()
    const [, , last = 0] = await put(environment, ['a', 'b', 'c'])
    const [entry] = environment.page('alerts', { start: sequenceKey(last), limit: 1 })
    await environment.commit([
      { kind: 'remove', table: 'alerts', key: sequenceKey(last) },
      { kind: 'put', table: 'alerts', key: sequenceKey(2 ** 60), value: entry?.value ?? '' },
    ])
    const sink = keeper()
    const outbox = await open(environment, { sink })
    await until(() => sink.ids.length === 3)
    expect(await accept(outbox, ['d', 'e'])).toEqual([last + 2, last + 3])
    await outbox.close(5000)
    expect(sink.ids).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 5, dropped: 1, pending: 0 })
    expect(outbox.ledger.losses).toMatchObject([{ reason: 'missing', firstSequence: last }])
    expect(onDisk(environment)).toEqual([])
    expect(imbalance(outbox)).toEqual([])
  })

  test('an alert stays until more sinks than a byte can count have it', async () => {
    const environment = await openTemporary()
    let isBack = false
    const slow = keeper(() => (isBack ? undefined : down()))
    const others = Array.from({ length: 300 }, (_, n) => [`s${n}`, keeper()] as const)
    const outbox = await open(environment, { ...Object.fromEntries(others), slow })
    await accept(outbox, ['a'])
    await until(() => others.every(([, sink]) => sink.ids.length === 1))
    await outbox.progress.flush()
    expect(onDisk(environment)).toEqual([1])
    isBack = true
    await until(() => slow.ids.length === 1)
    await outbox.close(1000)
    expect(onDisk(environment)).toEqual([])
  })

  test('what the far side takes of a failing batch is not sent again', async () => {
    const environment = await openTemporary()
    await put(environment, names(10))
    let failed = false
    const sink = keeper(batch => {
      if (failed) return undefined
      failed = true
      sink.alerts.push(...batch.slice(0, 4))
      return new SinkError('transient', 'half', {
        delivered: batch.slice(0, 4),
        rejected: batch.slice(4, 5),
      })
    })
    const outbox = await open(environment, { sink })
    await until(() => outbox.status.sinks['sink']?.pending === 0)
    await outbox.close(1000)
    expect(sink.ids).toEqual(names(10).filter(id => id !== 'a4'))
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 9, dead: 1 })
    expect(imbalance(outbox)).toEqual([])
  })

  test('what a sink told of at once is not sent again, however the batch ends', async () => {
    const environment = await openTemporary()
    await put(environment, names(10))
    const ids: string[] = []
    let sends = 0
    const send = async (batch: readonly Alert[], took?: (alert: Alert) => void) => {
      for (const alert of sends++ === 0 ? batch.slice(0, 4) : batch) {
        ids.push(alert.id)
        took?.(alert)
      }
      if (sends === 1) throw new TypeError('undefined is not a function')
    }
    const outbox = await open(environment, { sink: { send } })
    await until(() => outbox.status.sinks['sink']?.pending === 0)
    expect(ids).toEqual(names(10))
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 10, dead: 0 })
    expect(imbalance(outbox)).toEqual([])
    await outbox.close(1000)
  })

  test('an alert that fails alone while others go through is poison', async () => {
    const environment = await openTemporary()
    const sink = keeper(batch => (batch.some(({ id }) => id === 'a3') ? down('500') : undefined))
    const outbox = await open(environment, { sink })
    await accept(outbox, names(20))
    for (let n = 0; outbox.status.sinks['sink']?.dead !== 1; n++) {
      await accept(outbox, [`more${n}`])
      await new Promise(done => setTimeout(done, 3))
    }
    await outbox.close(1000)
    const [entry] = environment.page('dlq', { limit: 10 })
    const letter = readDeadLetter(entry?.value)
    expect(letter).toMatchObject({ reason: 'poison', error: '500' })
    expect(letter?.attempts).toBeGreaterThanOrEqual(8)
    expect(sink.ids).toEqual(expect.arrayContaining(names(20).filter(id => id !== 'a3')))
    expect(imbalance(outbox)).toEqual([])
  })

  test('poison does not hold up its own key for ever', async () => {
    const environment = await openTemporary()
    const sink = keeper(batch => (batch.some(({ id }) => id === 'a0') ? down('500') : undefined))
    const outbox = await open(environment, { sink })
    await accept(outbox, names(30), { key: 'same' })
    await until(() => sink.ids.length === 29)
    expect(sink.ids).toEqual(names(30).slice(1))
    await outbox.close(1000)
    expect(imbalance(outbox)).toEqual([])
  })

  test('ends in time although a sink never answers, and the alert stays', async () => {
    const environment = await openTemporary()
    await put(environment, ['a'])
    const stuck = keeper(() => new Promise(() => undefined), {})
    const outbox = await open(environment, { stuck })
    await outbox.close(20)
    expect(onDisk(environment)).toHaveLength(1)
    expect(stuck.state.closed).toBe(1)
  })

  test('whoever is in a hurry waits for no sink', async () => {
    const environment = await openTemporary()
    await put(environment, ['a'])
    const stuck = keeper(() => new Promise(() => undefined), {
      close: () => new Promise(() => undefined),
    })
    const outbox = await open(environment, { stuck })
    const hurry = new AbortController()
    const closed = outbox.close(600_000, hurry.signal)
    await until(() => stuck.state.sends === 1)
    hurry.abort()
    await closed
    expect(onDisk(environment)).toHaveLength(1)
  })

  test('forgets a sink that is no longer configured', async () => {
    const environment = await openTemporary()
    const dead = keeper(() => down())
    await put(environment, ['a'])
    await (await open(environment, { dead, other: keeper() })).close(100)
    expect(onDisk(environment)).toHaveLength(1)
    const other = keeper()
    const outbox = await open(environment, { other })
    await accept(outbox, ['b'])
    await outbox.close(1000)
    expect(other.ids).toEqual(['b'])
    expect(onDisk(environment)).toEqual([])
    expect(environment.get('lanes', 'dead')).toBeUndefined()
  })

  test('a new sink begins with the oldest alert that still waits', async () => {
    const environment = await openTemporary()
    const first = await open(environment, { dead: keeper(() => down()) })
    await accept(first, ['a', 'b'])
    await first.close(50)
    const fresh = keeper()
    const outbox = await open(environment, { dead: keeper(() => down()), fresh })
    await until(() => fresh.ids.length === 2)
    await outbox.close(50)
    expect(outbox.status.sinks['fresh']).toMatchObject({ accepted: 2, delivered: 2 })
    expect(imbalance(outbox)).toEqual([])
  })

  test('without a sink nothing waits', async () => {
    const environment = await openTemporary()
    await put(environment, ['a', 'b'])
    const outbox = await open(environment, {})
    await accept(outbox, ['c'])
    await outbox.close(1000)
    expect(onDisk(environment)).toEqual([])
  })

  test.each([
    [{ level: 'medium' }, ['m', 'h']],
    [{ rules: ['one'] }, ['l', 'h']],
    [{ rules: ['rule two'] }, ['m']],
    [{ tags: ['t'] }, ['h']],
    [{ level: 'high', rules: ['two'] }, []],
  ] as const)('a sink gets what its `when` %j says', async (when, expected) => {
    const environment = await openTemporary()
    const sink = keeper()
    const outbox = await open(environment, { sink: { receiver: sink, when } })
    await accept(outbox, ['l'], { level: 'low', rule: 'one' })
    await accept(outbox, ['m'], { level: 'medium', rule: 'two' })
    await accept(outbox, ['h'], { level: 'high', rule: 'one', tags: ['s', 't'] })
    await outbox.close(1000)
    expect(sink.ids).toEqual(expected)
    const { filtered, pending } = outbox.status.sinks['sink'] ?? {}
    expect([filtered, pending]).toEqual([3 - expected.length, 0])
    expect(onDisk(environment)).toEqual([])
    expect(imbalance(outbox)).toEqual([])
  })

  test.each([
    ['{ one: { rule.id: two }, condition: one }', ['m']],
    ['{ one: { labels.level|contains: [ig, nonsense] }, condition: one }', ['h']],
    ['{ one: { tags: t }, two: { rule.name|endswith: two }, condition: 1 of them }', ['m', 'h']],
    ['{ one: { network.community_id|exists: true }, condition: not one }', []],
    ['{ one: { event.sequence|gte: 2 }, condition: one }', ['m', 'h']],
    ['{ words: [two], condition: words }', ['m']],
  ] as const)('a sink gets what the condition %s is true of', async (text, expected) => {
    const environment = await openTemporary()
    const sink = keeper()
    const { test: condition, faults } = detectionTest(parse(text))
    expect(faults).toEqual([])
    const outbox = await open(environment, { sink: { receiver: sink, when: { test: condition } } })
    await accept(outbox, ['l'], { level: 'low', rule: 'one' })
    await accept(outbox, ['m'], { level: 'medium', rule: 'two' })
    await accept(outbox, ['h'], { level: 'high', rule: 'one', tags: ['s', 't'] })
    await outbox.close(1000)
    expect(sink.ids).toEqual(expected)
    expect(imbalance(outbox)).toEqual([])
  })

  test('an alert older than `max_age` is given up and accounted for', async () => {
    const environment = await openTemporary()
    await put(environment, ['a'])
    await new Promise(done => setTimeout(done, 30))
    const receiver = keeper()
    const outbox = await open(environment, { sink: { receiver, maxAge: 20 } })
    await outbox.close(1000)
    expect(receiver.ids).toEqual([])
    expect(outbox.ledger.losses).toMatchObject([{ reason: 'max_age', count: 1, rule: 'r' }])
    expect(imbalance(outbox)).toEqual([])
  })

  test('what is refused for longer than anybody needs to mend it is a dead letter', async () => {
    const environment = await openTemporary()
    let says: unknown = new SinkError('configuration', 'answered 403', {
      status: 403,
      patience: 60,
    })
    const sink = keeper(() => says)
    const outbox = await open(environment, { sink: { receiver: sink, when: { level: 'high' } } })
    const first = [...names(600), ...names(3, 'low')]
    await accept(outbox, names(600))
    await accept(outbox, names(3, 'low'), { level: 'low' })
    await until(() => outbox.status.sinks['sink']?.dead === 600)
    const since = outbox.lanes[0]?.store.known.refusedSince ?? 0
    expect(since).toBeGreaterThan(0)
    expect(outbox.status.sinks['sink']).toMatchObject({ state: 'down', filtered: 3, pending: 0 })
    expect(imbalance(outbox)).toEqual([])
    await outbox.close(100)
    // The time goes on counting over a restart, but what is young has its own.
    const again = await open(environment, { sink })
    await accept(again, ['young'])
    says = undefined
    await until(() => sink.ids.length === 1)
    expect(sink.ids).toEqual(['young'])
    expect(again.lanes[0]?.store.known.refusedSince).toBe(0)
    expect(again.status.sinks['sink']).toMatchObject({ accepted: first.length + 1, dead: 600 })
    const letters = environment.page('dlq', { limit: 1000 }).map(one => readDeadLetter(one.value))
    expect(letters).toHaveLength(600)
    expect(letters[17]).toMatchObject({ reason: 'refused', error: 'answered 403', status: '403' })
  })

  test('damage is found although the sink is down, and the outbox says so', async () => {
    const environment = await openTemporary()
    await put(environment, names(3))
    const damaged = Buffer.concat([Buffer.alloc(4), Buffer.from('not what was written')])
    const { root, table } = openStore(join(environment.directory, 'memory'))
    root.transactionSync(() => table.alerts.putSync(sequenceKey(2), damaged))
    await root.close()
    const sink = keeper(() => down())
    const outbox = await open(environment, { sink })
    await until(() => outbox.damaged === 1)
    expect(outbox.status).toMatchObject({
      health: 'degraded',
      damaged: 1,
      sinks: { sink: { dead: 1, pending: 2 } },
    })
    expect(imbalance(outbox)).toEqual([])
    await outbox.close(50)
    const [letter] = environment.page('dlq', { limit: 5 }).map(one => readDeadLetter(one.value))
    expect(letter).toMatchObject({ sequence: 2, reason: 'corrupt' })
    expect(Buffer.from(letter?.alert ?? '', 'base64').toString()).toBe('not what was written')
  })

  test('the status tells what a sink says of itself', async () => {
    const environment = await openTemporary()
    const degraded = 'certificates are not verified'
    const more = { status: () => ({ degraded, delivery: 'best-effort' as const }) }
    const outbox = await open(environment, { sink: keeper(undefined, more), other: keeper() })
    expect(outbox.status.sinks).toMatchObject({
      sink: { state: 'degraded', degraded, delivery: 'best-effort' },
      other: { state: 'up' },
    })
  })

  test('a sink that is gone is not asked again and keeps its backlog', async () => {
    const environment = await openTemporary()
    const gone = keeper(() => new SinkError('gone', 'archived'))
    const outbox = await open(environment, { gone })
    await accept(outbox, names(5))
    await until(() => outbox.status.sinks['gone']?.state === 'disabled')
    await accept(outbox, ['b'])
    await outbox.close(200)
    expect(gone.state.sends).toBe(1)
    expect(onDisk(environment)).toHaveLength(6)
  })
})

test('goes on with a queue that an older release left', async () => {
  const directory = temporaryDirectory()
  const old = await openEnvironment({ directory })
  const value = (id: string) => JSON.stringify(made(id))
  for (const id of ['a', 'b', 'c']) {
    await old.commit([{ kind: 'append', table: 'alerts', value: value(id) }])
  }
  await old.commit([
    { kind: 'put', table: 'cursors', key: 'ahead', value: sequenceKey(2) },
    { kind: 'put', table: 'cursors', key: 'behind', value: sequenceKey(0) },
    { kind: 'put', table: 'meta', key: 'schema', value: '1' },
  ])
  await old.close()
  const environment = await openTemporary(directory)
  expect(environment.get('meta', 'schema')?.toString()).toBe('2')
  const [ahead, behind] = [keeper(), keeper()]
  const outbox = await open(environment, { ahead, behind })
  await outbox.close(1000)
  expect([ahead.ids, behind.ids]).toEqual([['c'], ['a', 'b', 'c']])
  expect(environment.page('cursors', { limit: 5 })).toEqual([])
  expect(onDisk(environment)).toEqual([])
})
