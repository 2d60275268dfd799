import { describe, expect, test } from 'vitest'
import { type Document } from '../../src/alerts/alert.ts'
import { acceptOperation, alertEntry } from '../../src/outbox/entry.ts'
import { queuedAlert } from '../../src/outbox/queued.ts'
import { type Receiver } from '../../src/outbox/receiver.ts'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { stormGuard } from '../../src/outbox/storm-guard.ts'
import { openTemporary } from '../storage/open.ts'
import { imbalance, keeper, made, open, until } from './harness.ts'

function alerts(count: number, level = 'low', prefix = level) {
  return Array.from({ length: count }, (_, n) => {
    const entry = alertEntry(made(`${prefix}${n}`, { level, rule: `r${n % 3}` }))
    const alert = queuedAlert(n + 1, entry)
    if (alert === undefined) throw new Error('not an alert')
    return alert
  })
}

/** How many alerts a message stands for. */
function countOf({ orthrus }: Document): number {
  const { digest } = (orthrus ?? {}) as { readonly digest?: { readonly count: number } }
  return digest?.count ?? 1
}

/** The guard on a clock of the test's own: pauses take no time and are counted. */
function guarded(sink: ReturnType<typeof keeper>, burst = 5) {
  const clock = { now: 0 }
  const times: number[] = []
  const watched: Receiver = {
    ...sink,
    send: batch => {
      times.push(clock.now)
      return sink.send(batch)
    },
  }
  const sleep = (ms: number) => {
    clock.now += ms
    return Promise.resolve()
  }
  const guard = stormGuard(watched, { perSecond: 1, burst, now: () => clock.now, sleep })
  return { guard, clock, times }
}

describe('storm guard', () => {
  test('sends few alerts one by one, within the rate', async () => {
    const sink = keeper()
    const { guard, times } = guarded(sink)
    await guard.send(alerts(10))
    expect(sink.ids).toEqual(alerts(10).map(({ id }) => id))
    expect(times).toEqual([0, 0, 0, 0, 0, 1000, 2000, 3000, 4000, 5000])
  })

  test('in a storm the critical go first, the rest is one digest that says so', async () => {
    const sink = keeper()
    const { guard } = guarded(sink)
    await guard.send([...alerts(500), ...alerts(3, 'critical')])
    expect(sink.ids.slice(0, 3)).toEqual(['critical0', 'critical1', 'critical2'])
    expect(sink.alerts).toHaveLength(4)
    const digest = sink.alerts[3]?.document
    expect(digest).toMatchObject({
      message: expect.stringMatching(/^500 alerts in one message: 167 × rule r0/),
      labels: { digest: 'true', level: 'low' },
      orthrus: { digest: { count: 500, first_id: 'low0', last_id: 'low499' } },
    })
    expect(JSON.parse(sink.alerts[3]?.json ?? '')).toEqual(digest)
  })

  test('one digest a minute', async () => {
    const { guard, times } = guarded(keeper())
    for (let n = 0; n < 3; n++) await guard.send(alerts(100))
    expect(times).toEqual([0, 60_000, 120_000])
  })

  test('ten thousand alerts with criticals among them are few messages', async () => {
    const sink = keeper()
    const { guard, clock } = guarded(sink, 1)
    await guard.send([...alerts(4000), ...alerts(60, 'critical')])
    expect(sink.alerts).toHaveLength(21)
    expect(clock.now).toBeLessThanOrEqual(60_000)
  })

  test('puts off what waits for the digest, and sends what is critical meanwhile', async () => {
    const sink = keeper()
    const { guard, clock } = guarded(sink)
    const waiting: [string, number][] = []
    const later = (put: readonly { readonly id: string }[], ms: number) => {
      for (const { id } of put) waiting.push([id, ms])
    }
    const send = (batch: ReturnType<typeof alerts>) => guard.send(batch, undefined, later)
    await send(alerts(100))
    clock.now += 10_000
    await send(alerts(30, 'high'))
    expect(waiting).toEqual(alerts(30, 'high').map(({ id }) => [id, 50_000]))
    await send(alerts(2, 'critical'))
    // One more is no storm, but those that wait are.
    await send(alerts(1, 'medium'))
    expect(waiting.at(-1)).toEqual(['medium0', 50_000])
    expect(sink.ids.slice(1)).toEqual(['critical0', 'critical1'])
    clock.now += 50_000
    await send([...alerts(30, 'high'), ...alerts(1, 'medium')])
    expect(sink.alerts[3]?.document).toMatchObject({ orthrus: { digest: { count: 31 } } })
    await send(alerts(1, 'low', 'after'))
    expect(sink.ids.at(-1)).toBe('after0')
    expect(waiting).toHaveLength(31)
  })

  test('T26: the critical of 10,000 alerts do not wait for digests of what came before them', async () => {
    const sink = keeper()
    const options = { perSecond: 1000, burst: 1000, digestEveryMs: 1500 }
    const environment = await openTemporary()
    const outbox = await open(environment, { chat: stormGuard(sink, options) })
    const operations = Array.from({ length: 10_000 }, (_, n) => {
      const level = n % 300 === 299 || n === 9999 ? 'critical' : 'low'
      return acceptOperation(made(`a${n}`, { level, size: 2000 }))
    })
    for (const sequence of await environment.commit(operations)) outbox.added(sequence)
    await until(() => outbox.lanes.every(({ store }) => store.account.delivered === 10_000))
    expect(imbalance(outbox)).toEqual([])
    const counts = sink.alerts.map(alert => countOf(alert.document))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000)
    const digests = counts.flatMap((count, at) => (count > 1 ? [at] : []))
    expect(digests.length).toBeGreaterThan(4)
    const critical = sink.alerts.flatMap(({ level }, at) => (level === 'critical' ? [at] : []))
    // Of 34 critical ones some may stand in the first two digests: twenty in a row are a storm as well.
    expect(critical.at(-1)).toBeLessThanOrEqual(digests[1] ?? 0)
    expect(sink.ids).toContain('a9999')
  }, 60_000)

  test('tells of each message before the pause for the next, of a digest for all in it', async () => {
    const sink = keeper()
    const { guard, clock } = guarded(sink, 1)
    const taken: [string, number][] = []
    const batch = [...alerts(30), ...alerts(2, 'critical')]
    await guard.send(batch, ({ id }) => taken.push([id, clock.now]))
    expect(taken).toEqual([
      ['critical0', 0],
      ['critical1', 1000],
      ...alerts(30).map(({ id }) => [id, 2000]),
    ])
  })

  test('tells what was sent before it failed', async () => {
    let sends = 0
    const sink = keeper(() =>
      ++sends === 3 ? new SinkError('permanent', 'no', { retryAfter: 9 }) : undefined,
    )
    const { guard } = guarded(sink)
    const batch = alerts(5)
    const taken: unknown[] = []
    const sending = guard.send(batch, one => taken.push(one))
    const error = await sending.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ fault: 'transient', retryAfter: 9 })
    expect(taken).toEqual(batch.slice(0, 2))
    expect(error instanceof SinkError && error.rejected).toEqual(batch.slice(2, 3))
  })
})
