import { expect, test } from 'vitest'
import { levels } from '../../src/alerts/alert.ts'
import { readLedger } from '../../src/outbox/ledger.ts'
import { accept, down, imbalance, keeper, names, onDisk, open, until } from '../outbox/harness.ts'
import { openTemporary } from '../storage/open.ts'

const mib = 1024 * 1024
const quota = 64 * mib
const rounds = 80
const each = 100
const size = 3000

test('T8: at 64 MiB a dead sink gives up the least and oldest, a live one gets everything', async () => {
  const environment = await openTemporary()
  const live = keeper()
  const dead = keeper(() => down())
  const outbox = await open(environment, { live, dead }, { quota })
  const sent = new Map(levels.map(level => [level, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const level of levels) {
      const ids = names(each, `${level}-${round}-`)
      sent.get(level)?.push(...(await accept(outbox, ids, { level, rule: level, size })))
    }
    expect(imbalance(outbox)).toEqual([])
  }
  const total = rounds * each * levels.length
  // Twice as much as there is room for.
  expect(total * size).toBeGreaterThan(1.7 * quota)
  await until(() => live.ids.length === total)
  await until(() => outbox.quota.used <= quota)
  await outbox.close(100)
  expect(new Set(live.ids).size).toBe(total)
  expect(outbox.status.sinks['live']).toMatchObject({ delivered: total, dropped: 0, pending: 0 })
  expect(outbox.status.sinks['dead']).toMatchObject({ delivered: 0, dead: 0 })
  expect(imbalance(outbox)).toEqual([])

  const lost = new Map(outbox.ledger.losses.map(one => [one.level, one.count]))
  const count = (level: (typeof levels)[number]) => lost.get(level) ?? 0
  process.stdout.write(`  given up: ${JSON.stringify(Object.fromEntries(lost))} of ${total}\n`)
  // A level loses something only when next to nothing is left of the one below it.
  const all = rounds * each
  levels.slice(1).forEach((level, n) => {
    const below = levels[n] ?? level
    if (count(level) > 0) expect([below, count(below) > all * 0.9]).toEqual([below, true])
  })
  expect(count('low')).toBeGreaterThan(all * 0.9)
  expect(count('medium')).toBeGreaterThan(0)
  expect(count('critical')).toBe(0)
  expect(new Set(readLedger(environment))).toEqual(new Set(outbox.ledger.losses))
  expect(new Set(outbox.ledger.losses.map(({ sink, reason }) => `${sink} ${reason}`))).toEqual(
    new Set(['dead quota']),
  )
  // Of each level the newest are left; what was under way when room was made is never taken away.
  const kept = new Set(onDisk(environment))
  for (const [level, sequences] of sent) {
    const left = sequences.filter(sequence => kept.has(sequence))
    expect([level, left.length]).toEqual([level, sequences.length - count(level)])
    const newest = sequences.slice(sequences.length - left.length)
    expect(newest.filter(sequence => !kept.has(sequence)).length).toBeLessThanOrEqual(1)
  }
}, 600_000)
