import { describe, expect, test } from 'vitest'
import { openTemporary } from '../storage/open.ts'
import { accept, down, imbalance, keeper, names, onDisk, open, until } from './harness.ts'

/** A far side without acknowledgement, whose connection the test can break, or confirm. */
function wire(limits: { bytes: number; ms: number }, fault = () => undefined as unknown) {
  let lost = () => {}
  let confirmed = (_: number) => {}
  const unconfirmed = {
    ...limits,
    onLost: (called: () => void) => {
      lost = called
    },
    onConfirmed: (called: (grace: number) => void) => {
      confirmed = called
    },
  }
  const more = { breaks: () => lost(), confirms: (grace: number) => confirmed(grace) }
  return Object.assign(keeper(fault, { unconfirmed }), more)
}

describe('a sink without acknowledgement', () => {
  test('gets again what was sent on a connection that broke, in order', async () => {
    const environment = await openTemporary()
    const sink = wire({ bytes: 1e6, ms: 60_000 })
    const outbox = await open(environment, { sink })
    await accept(outbox, names(300))
    await until(() => sink.ids.length === 300)
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 0, pending: 300 })
    sink.breaks()
    await until(() => sink.ids.length === 600)
    expect(sink.ids.slice(300)).toEqual(names(300))
    expect(onDisk(environment)).toHaveLength(300)
    expect(imbalance(outbox)).toEqual([])
    await outbox.close(1000)
    // Closed in order: the far side has it.
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 300, pending: 0 })
    expect(onDisk(environment)).toEqual([])
  })

  test('has what is old enough, or has enough behind it', async () => {
    const environment = await openTemporary()
    const sink = wire({ bytes: 20_000, ms: 60_000 })
    const soon = wire({ bytes: 1e9, ms: 30 })
    const outbox = await open(environment, { sink, soon })
    await accept(outbox, names(100), { size: 1000 })
    await until(() => outbox.status.sinks['soon']?.delivered === 100)
    const { pending = 0 } = outbox.status.sinks['sink'] ?? {}
    expect(pending).toBeGreaterThan(5)
    expect(pending).toBeLessThan(20)
    await outbox.close(1000)
  })

  test('a failing send sends the unconfirmed again too', async () => {
    const environment = await openTemporary()
    let fails = false
    const sink = wire({ bytes: 1e6, ms: 60_000 }, () => (fails ? down() : undefined))
    const outbox = await open(environment, { sink })
    await accept(outbox, ['a', 'b'])
    await until(() => sink.ids.length === 2)
    fails = true
    await accept(outbox, ['c'])
    await until(() => outbox.status.sinks['sink']?.state !== 'up')
    fails = false
    await until(() => sink.ids.length === 5)
    expect(sink.ids).toEqual(['a', 'b', 'a', 'b', 'c'])
    await outbox.close(1000)
    expect(imbalance(outbox)).toEqual([])
  })

  test('that does not close in order keeps its alerts for the next run', async () => {
    const environment = await openTemporary()
    const sink = wire({ bytes: 1e6, ms: 60_000 })
    sink.close = () => Promise.reject(new Error('reset'))
    const outbox = await open(environment, { sink })
    await accept(outbox, names(3))
    await until(() => sink.ids.length === 3)
    await outbox.close(500)
    expect(onDisk(environment)).toHaveLength(3)
  })

  test('that confirms has what it got, for the next run too', async () => {
    const environment = await openTemporary()
    const sink = wire({ bytes: 1e6, ms: 60_000 })
    sink.close = () => Promise.reject(new Error('reset'))
    const outbox = await open(environment, { sink })
    await accept(outbox, names(3))
    await until(() => sink.ids.length === 3)
    sink.confirms(1)
    await until(() => outbox.status.sinks['sink']?.delivered === 3)
    await accept(outbox, ['later'])
    await until(() => sink.ids.length === 4)
    sink.breaks()
    await until(() => sink.ids.length === 5)
    expect(sink.ids).toEqual([...names(3), 'later', 'later'])
    await outbox.close(500)
    expect(onDisk(environment)).toHaveLength(1)
  })

  test('that breaks in the grace after a confirmation gets it again', async () => {
    const environment = await openTemporary()
    const sink = wire({ bytes: 1e6, ms: 60_000 })
    const outbox = await open(environment, { sink })
    await accept(outbox, names(3))
    await until(() => sink.ids.length === 3)
    sink.confirms(60_000)
    sink.breaks()
    await until(() => sink.ids.length === 6)
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 0, pending: 3 })
    await outbox.close(500)
    expect(imbalance(outbox)).toEqual([])
  })

  test('has nothing of a broken connection, however long the next send takes', async () => {
    const environment = await openTemporary()
    const slow: (() => void)[] = []
    let isSlow = false
    const wait = () =>
      isSlow ? new Promise<undefined>(resolve => slow.push(() => resolve(undefined))) : undefined
    const sink = wire({ bytes: 1e6, ms: 3000 }, wait)
    const outbox = await open(environment, { sink })
    await accept(outbox, ['a'])
    await until(() => sink.ids.length === 1)
    isSlow = true
    await accept(outbox, ['b'])
    await until(() => slow.length === 1)
    sink.breaks()
    // Old enough by now, had the connection not broken; and confirmed too late.
    await new Promise(done => setTimeout(done, 3100))
    sink.confirms(0)
    isSlow = false
    slow[0]?.()
    await until(() => sink.ids.length === 4)
    expect(sink.ids).toEqual(['a', 'b', 'a', 'b'])
    await outbox.close(500)
    expect(imbalance(outbox)).toEqual([])
  })
})
