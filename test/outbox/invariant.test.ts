import fc from 'fast-check'
import { expect, test } from 'vitest'
import { levels } from '../../src/alerts/alert.ts'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { accept, imbalance, keeper, open, until } from './harness.ts'

const runs = Number(process.env['FAULT_ROUNDS'] ?? 12)

const answer = fc.constantFrom('ok', 'transient', 'configuration', 'permanent', 'partly', 'bug')
const step = fc.oneof(
  fc.record({
    kind: fc.constant('accept' as const),
    count: fc.integer({ min: 1, max: 120 }),
    level: fc.constantFrom(...levels),
    key: fc.integer({ min: 0, max: 5 }),
    size: fc.constantFrom(10, 700, 3000),
  }),
  fc.record({ kind: fc.constant('answers' as const), one: answer, two: answer }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ kind: fc.constant('restart' as const), orderly: fc.boolean() }),
)

test(
  'accepted = delivered + dead + dropped + filtered + pending, whatever happens',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async steps => {
        const directory = temporaryDirectory()
        const answers = { one: 'ok', two: 'ok' }
        const reply = (name: 'one' | 'two') => {
          const sink = keeper(
            batch => {
              switch (answers[name]) {
                case 'ok':
                  return undefined
                case 'partly': {
                  const delivered = batch.slice(0, Math.ceil(batch.length / 2))
                  sink.alerts.push(...delivered)
                  return new SinkError('transient', 'partly', { delivered })
                }
                case 'bug':
                  return new TypeError('undefined is not a function')
                default:
                  return new SinkError(answers[name] as 'transient', answers[name])
              }
            },
            name === 'one' ? { limits: { alerts: 40, concurrency: 4 } } : {},
          )
          return sink
        }
        const when = { level: 'low' } as const
        const sinks = { one: reply('one'), two: { receiver: reply('two'), when } }
        let environment = await openEnvironment({ directory })
        let outbox = await open(environment, sinks, { quota: 120 * 1024 })
        let made = 0
        for (const one of steps) {
          if (one.kind === 'accept') {
            const ids = Array.from({ length: one.count }, () => `a${made++}`)
            await accept(outbox, ids, { ...one, key: `k${one.key}` })
          } else if (one.kind === 'answers') Object.assign(answers, one)
          else if (one.kind === 'wait') await new Promise(done => setTimeout(done, one.ms))
          else {
            await outbox.close(one.orderly ? 20 : 0)
            expect(imbalance(outbox)).toEqual([])
            await environment.close()
            environment = await openEnvironment({ directory })
            outbox = await open(environment, sinks, { quota: 120 * 1024 })
          }
          expect(imbalance(outbox)).toEqual([])
          for (const lane of outbox.lanes) {
            expect(lane.heldBytes).toBeLessThanOrEqual(4 * 1024 * 1024 + 4096)
          }
        }
        Object.assign(answers, { one: 'ok', two: 'ok' })
        await until(() => Object.values(outbox.status.sinks).every(sink => sink.pending === 0))
        expect(imbalance(outbox)).toEqual([])
        for (const { accepted } of Object.values(outbox.status.sinks)) expect(accepted).toBe(made)
        expect(outbox.status.waiting).toBe(0)
        await outbox.close(100)
        expect(environment.scan('alerts', { limit: 10 }, 0)).toEqual([])
        const distinct = new Set(sinks.one.ids)
        expect(distinct.size).toBe(outbox.status.sinks['one']?.delivered)
        await environment.close()
      }),
      { numRuns: runs, endOnFailure: true },
    )
  },
  60_000 + runs * 5000,
)
