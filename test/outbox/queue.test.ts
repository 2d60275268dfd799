import { describe, expect, test } from 'vitest'
import { SensorError } from '../../src/errors.ts'
import { createLog } from '../../src/operate/log.ts'
import { Queue, type QueueOptions } from '../../src/outbox/queue.ts'
import { type Alert } from '../../src/outbox/queued.ts'
import { sequenceKey } from '../../src/storage/entry.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'

const log = createLog({ level: 'silent' })

/** A sink that keeps what it gets, unless `fault` says no. */
function keeper(fault: (batch: readonly Alert[]) => Error | undefined = () => undefined) {
  const ids: string[] = []
  return {
    ids,
    send: (batch: readonly Alert[]) => {
      const error = fault(batch)
      if (error !== undefined) return Promise.reject(error)
      ids.push(...batch.map(alert => alert.id))
      return Promise.resolve()
    },
  }
}

type Keeper = Pick<ReturnType<typeof keeper>, 'send'>

function start(
  environment: Environment,
  sinks: Record<string, Keeper>,
  options: Partial<QueueOptions> = {},
): Queue {
  return new Queue({
    environment,
    sinks: new Map(Object.entries(sinks)),
    log,
    pauseMs: 1,
    ...options,
  })
}

async function put(environment: Environment, ...ids: string[]): Promise<number[]> {
  const value = (id: string) => JSON.stringify({ event: { id } })
  const drawn = await Promise.all(
    ids.map(id => environment.commit([{ kind: 'append', table: 'alerts', value: value(id) }])),
  )
  return drawn.flat()
}

const waiting = (environment: Environment) => environment.page('alerts', { limit: 10_000 }).length

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise(done => setTimeout(done, 2))
}

describe('queue', () => {
  test('takes alerts to every sink in order and removes them when all have them', async () => {
    const environment = await openTemporary()
    const [one, two] = [keeper(), keeper()]
    const queue = start(environment, { one, two })
    const names = Array.from({ length: 700 }, (_, n) => `a${n}`)
    for (const sequence of await put(environment, ...names)) queue.added(sequence)
    await queue.close(5000)
    expect(one.ids).toEqual(names)
    expect(two.ids).toEqual(names)
    expect(waiting(environment)).toBe(0)
    expect(queue.status).toMatchObject({ waiting: 0, sinks: { one: { delivered: 700 } } })
  })

  test('begins with what the last run left, and a sink gets nothing twice', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const down = keeper(() => new SensorError('SINK_UNAVAILABLE', 'down'))
    const up = keeper()
    const before = start(first, { up, down })
    for (const sequence of await put(first, 'a', 'b')) before.added(sequence)
    await until(() => up.ids.length === 2)
    await before.close(1000)
    await put(first, 'c')
    await first.close()
    const environment = await openTemporary(directory)
    expect(waiting(environment)).toBe(3)
    const [upAgain, downAgain] = [keeper(), keeper()]
    const queue = start(environment, { up: upAgain, down: downAgain })
    expect(queue.status.waiting).toBe(3)
    for (const sequence of await put(environment, 'd')) queue.added(sequence)
    await queue.close(5000)
    expect(upAgain.ids).toEqual(['c', 'd'])
    expect(downAgain.ids).toEqual(['a', 'b', 'c', 'd'])
    expect(waiting(environment)).toBe(0)
  })

  test('a sink that is down keeps its alerts and does not delay another', async () => {
    const environment = await openTemporary()
    let broken = true
    const down = keeper(() =>
      broken ? new SensorError('SINK_UNAVAILABLE', 'no answer') : undefined,
    )
    const up = keeper()
    const queue = start(environment, { down, up })
    for (const sequence of await put(environment, 'a', 'b')) queue.added(sequence)
    await until(() => up.ids.length === 2 && queue.status.sinks['down']?.state === 'down')
    expect(queue.status).toMatchObject({
      waiting: 2,
      sinks: { down: { state: 'down', lastError: 'no answer' }, up: { state: 'up' } },
    })
    expect(waiting(environment)).toBe(2)
    broken = false
    await until(() => down.ids.length === 2)
    expect(queue.status.sinks['down']?.state).toBe('up')
    await queue.close(1000)
    expect(waiting(environment)).toBe(0)
  })

  test('an alert that a sink refuses for good does not stop the others', async () => {
    const environment = await openTemporary()
    const picky = keeper(batch =>
      batch.some(alert => alert.id === 'bad') ? new SensorError('SINK_REJECTED', 'bad') : undefined,
    )
    await put(environment, 'a', 'bad', 'b')
    const queue = start(environment, { picky })
    await queue.close(5000)
    expect(picky.ids).toEqual(['a', 'b'])
    expect(queue.status.sinks['picky']).toMatchObject({ delivered: 2, rejected: 1 })
    expect(waiting(environment)).toBe(0)
  })

  test('passes over a damaged entry and counts it', async () => {
    const environment = await openTemporary()
    const key = sequenceKey(7)
    await environment.commit([{ kind: 'put', table: 'alerts', key, value: '{"event":' }])
    await put(environment, 'a')
    const sink = keeper()
    const queue = start(environment, { sink })
    await queue.close(5000)
    expect(sink.ids).toEqual(['a'])
    expect(queue.status.sinks['sink']).toMatchObject({ delivered: 1, rejected: 1 })
    expect(waiting(environment)).toBe(0)
  })

  test('bounds what waits for a dead sink: the oldest are given up and counted', async () => {
    const environment = await openTemporary()
    const dead = keeper(() => new SensorError('SINK_UNAVAILABLE', 'dead'))
    const alive = keeper()
    const queue = start(environment, { dead, alive }, { limit: 10 })
    for (let n = 0; n < 30; n++) {
      for (const sequence of await put(environment, `a${n}`)) queue.added(sequence)
    }
    await until(() => alive.ids.length === 30)
    await queue.close(1000)
    expect(queue.status.sinks['dead']).toMatchObject({ dropped: 20, delivered: 0 })
    expect(waiting(environment)).toBe(10)
  })

  test('ends in time although a sink never answers, and the alert stays', async () => {
    const environment = await openTemporary()
    await put(environment, 'a')
    const queue = start(environment, { stuck: { send: () => new Promise(() => undefined) } })
    await queue.close(20)
    expect(waiting(environment)).toBe(1)
  })

  test('forgets a sink that is no longer configured', async () => {
    const environment = await openTemporary()
    const dead = keeper(() => new SensorError('SINK_UNAVAILABLE', 'dead'))
    await put(environment, 'a')
    await start(environment, { dead, other: keeper() }).close(100)
    expect(waiting(environment)).toBe(1)
    const other = keeper()
    const queue = start(environment, { other })
    for (const sequence of await put(environment, 'b')) queue.added(sequence)
    await queue.close(1000)
    expect(other.ids).toEqual(['b'])
    expect(waiting(environment)).toBe(0)
    expect(environment.get('cursors', 'dead')).toBeUndefined()
  })
})
