import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Level, levels } from '../../src/alerts/alert.ts'
import { type Loss, readLedger } from '../../src/outbox/ledger.ts'
import { openTemporary } from '../storage/open.ts'
import { fill, smallDisk } from '../storage/small-disk.ts'
import { accept, down, imbalance, keeper, names, onDisk, open, refused, until } from './harness.ts'

const kib = 1024
const isOfLive = ({ sink }: Loss) => sink === 'live'

describe('quota', () => {
  test('a dead sink gives up its own backlog by level and age; a live one gets everything', async () => {
    const environment = await openTemporary()
    const live = keeper()
    const dead = keeper(() => down())
    const quota = 600 * kib
    const outbox = await open(environment, { live, dead }, { quota })
    await until(() => dead.state.sends === 0)
    const sent: string[] = []
    for (let round = 0; round < 60; round++) {
      for (const level of levels) {
        const ids = names(8, `${level}-${round}-`)
        sent.push(...ids)
        await accept(outbox, ids, { level, rule: `rule-${level}`, size: 800 })
      }
      expect(imbalance(outbox)).toEqual([])
    }
    await until(() => live.ids.length === sent.length)
    await until(() => outbox.quota.used <= quota)
    await outbox.close(100)
    expect(new Set(live.ids)).toEqual(new Set(sent))
    expect(outbox.status.sinks['live']).toMatchObject({ delivered: sent.length, dropped: 0 })
    expect(imbalance(outbox)).toEqual([])

    const lost = new Map(outbox.ledger.losses.map(one => [one.level, one.count]))
    const total = 60 * 8
    // Some of the least is always left: what came after the last time that room was made.
    expect(lost.get('informational')).toBeGreaterThan(total * 0.9)
    expect(lost.get('low')).toBeGreaterThan(total * 0.9)
    expect(lost.get('medium') ?? 0).toBeGreaterThan(0)
    expect(lost.get('high') ?? 0).toBeLessThanOrEqual(lost.get('medium') ?? 0)
    expect(lost.get('critical') ?? 0).toBe(0)
    expect(new Set(readLedger(environment))).toEqual(new Set(outbox.ledger.losses))
    expect(outbox.ledger.losses).toContainEqual(
      expect.objectContaining({ sink: 'dead', reason: 'quota', level: 'low', rule: 'rule-low' }),
    )
  })

  test('a dead sink that has nothing but critical alerts left takes nothing from a live one', async () => {
    const environment = await openTemporary()
    const live = keeper()
    const dead = keeper(() => down())
    const quota = 300 * kib
    const outbox = await open(environment, { live, dead }, { quota })
    const sent: string[] = []
    const give = async (level: Level, count: number, name: string) => {
      const ids = names(count, `${level}-${name}-`)
      sent.push(...ids)
      await accept(outbox, ids, { level, size: 800 })
      await until(() => live.ids.length === sent.length || outbox.ledger.losses.some(isOfLive))
    }
    for (let round = 0; round < 30; round++) await give('critical', 20, `first-${round}`)
    for (let round = 0; round < 20; round++) {
      for (const level of levels) await give(level, 8, String(round))
    }
    await until(() => outbox.quota.used <= quota)
    await outbox.close(100)
    expect(outbox.ledger.losses.filter(isOfLive)).toEqual([])
    expect(new Set(live.ids)).toEqual(new Set(sent))
    expect(outbox.ledger.losses.some(({ level }) => level === 'critical')).toBe(true)
    expect(imbalance(outbox)).toEqual([])
  })

  test('what a dead sink never wanted goes first and is no loss', async () => {
    const environment = await openTemporary()
    const receiver = keeper(() => down())
    const dead = { receiver, when: { level: 'high' as const } }
    const outbox = await open(environment, { dead }, { quota: 300 * kib })
    await accept(outbox, names(20, 'high'), { level: 'high', size: 800 })
    await accept(outbox, names(600, 'low'), { level: 'low', size: 800 })
    await until(() => outbox.backlog.newest === 620 && outbox.quota.used < 300 * kib)
    expect(outbox.ledger.losses).toEqual([])
    const { filtered = 0, dropped, pending } = outbox.status.sinks['dead'] ?? {}
    expect(filtered).toBeGreaterThan(200)
    expect([dropped, pending]).toEqual([0, 620 - filtered])
    expect(imbalance(outbox)).toEqual([])
  })

  test('a sink with a hiccup loses nothing for one that is dead', async () => {
    const environment = await openTemporary()
    let sends = 0
    const live = keeper(() => (++sends % 2 === 0 ? down() : undefined))
    const dead = keeper(() => down())
    const outbox = await open(environment, { live, dead }, { quota: 300 * kib })
    let sent = 0
    for (let round = 0; round < 70; round++) {
      const level = round < 30 ? 'critical' : 'low'
      await accept(outbox, names(20, `${level}-${round}-`), { level, size: 800 })
      sent += 20
      await until(() => live.ids.length === sent || outbox.ledger.losses.some(isOfLive))
    }
    expect(outbox.ledger.losses.filter(isOfLive)).toEqual([])
    expect(imbalance(outbox)).toEqual([])
  })

  test('critical alerts go only when nothing else is left, oldest first', async () => {
    const environment = await openTemporary()
    const dead = keeper(() => down())
    const outbox = await open(environment, { dead }, { quota: 100 * kib })
    await accept(outbox, names(20, 'low'), { level: 'low', size: 800 })
    const first = await accept(outbox, names(200, 'c'), { level: 'critical', size: 800 })
    await until(() => outbox.quota.used < 100 * kib && outbox.backlog.newest === 220)
    await outbox.close(50)
    const kept = onDisk(environment)
    // What was under way when the room was made is never taken away.
    const held = kept.filter(sequence => sequence <= (first[100] ?? 0)).length
    expect(held).toBeLessThanOrEqual(1)
    expect(kept.slice(held)).toEqual(
      Array.from({ length: kept.length - held }, (_, n) => 220 - kept.length + held + 1 + n),
    )
    expect(kept.length).toBeGreaterThan(50)
    expect(imbalance(outbox)).toEqual([])
  })

  test('tells of the loss in an alert when the sink is back, and only once', async () => {
    const environment = await openTemporary()
    let broken = true
    const sink = keeper(() => (broken ? down() : undefined))
    const lossAlert = (facts: Readonly<Record<string, unknown>>) => ({
      event: { kind: 'pipeline_error', id: 'loss' },
      facts,
    })
    const outbox = await open(environment, { sink }, { quota: 100 * kib, lossAlert })
    await accept(outbox, names(300), { level: 'low', rule: 'noisy', size: 800 })
    await until(() => (outbox.status.sinks['sink']?.dropped ?? 0) > 0)
    broken = false
    await until(() => sink.ids.includes('loss'))
    await until(() => outbox.status.sinks['sink']?.pending === 0)
    await accept(outbox, ['later'])
    await outbox.close(1000)
    const told = sink.alerts.filter(({ id }) => id === 'loss')
    const dropped = outbox.status.sinks['sink']?.dropped
    expect(told).toHaveLength(1)
    expect(told[0]?.document['facts']).toMatchObject({
      sink: 'sink',
      lost: dropped,
      by_level: { low: dropped },
      by_reason: { quota: dropped },
      rules: [{ id: 'noisy', lost: dropped }],
    })
    expect(imbalance(outbox)).toEqual([])
  })

  test('dead letters take no more than a tenth; the oldest are given up and accounted for', async () => {
    const environment = await openTemporary()
    const sink = keeper(() => refused())
    const outbox = await open(environment, { sink }, { quota: 300 * kib })
    await accept(outbox, names(200), { size: 800 })
    await until(() => {
      const { pending, dropped } = outbox.status.sinks['sink'] ?? {}
      return (
        pending === 0 && (dropped ?? 0) > 0 && (outbox.lanes[0]?.store.deadBytes ?? 0) <= 30 * kib
      )
    })
    await outbox.close(1000)
    const letters = environment.scan('dlq', { limit: 1e4 }, 0)
    expect(letters.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(30 * kib)
    expect(outbox.status.sinks['sink']?.dead).toBe(letters.length)
    expect(outbox.ledger.losses).toMatchObject([{ reason: 'dead_letters' }])
    expect(imbalance(outbox)).toEqual([])
  })
})

describe.skipIf(process.getuid?.() !== 0)('full disk (needs root to mount a small one)', () => {
  test('keeps nobody from ending: what it did not take in time is given up, and its sender told', async context => {
    const disk = smallDisk('12m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const environment = await openTemporary(join(disk, 'state'))
    const sink = keeper()
    const outbox = await open(environment, { sink })
    await accept(outbox, names(50), { level: 'critical' })
    await until(() => sink.ids.length === 50)
    fill(join(disk, 'filler'))
    const late = accept(outbox, names(100, 'late'), { level: 'critical', size: 30_000 })
    const failed = expect(late).rejects.toMatchObject({ code: 'STATE_UNUSABLE' })
    await until(() => environment.health().state === 'disk_full')
    for (let n = 0; n < 20; n++) {
      // What the outbox kept back for itself is taken as well.
      fill(join(disk, 'filler'))
      await new Promise(done => setTimeout(done, 100))
    }
    environment.end(100)
    await outbox.close(1000)
    await environment.close()
    await failed
    expect(environment.health().waiting).toBe(0)
  })

  test('makes room for what comes, keeps the critical, and accounts for the rest', async context => {
    const disk = smallDisk('6m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const environment = await openTemporary(join(disk, 'state'), { retryMs: 20 })
    let broken = true
    const sink = keeper(() => (broken ? down() : undefined))
    const outbox = await open(environment, { sink })
    await accept(outbox, names(800, 'low'), { level: 'low', size: 800 })
    await accept(outbox, names(100, 'critical'), { level: 'critical', size: 800 })
    fill(join(disk, 'filler'))
    // More than fits into what LMDB has free: the dead sink's oldest and least must make room.
    await accept(outbox, names(300, 'more'), { level: 'critical', size: 800 })
    await until(() => outbox.status.sinks['sink']?.accepted === 1200)
    expect(outbox.status.sinks['sink']?.dropped).toBeGreaterThan(0)
    expect(outbox.ledger.losses.every(loss => loss.level === 'low')).toBe(true)
    rmSync(join(disk, 'filler'))
    broken = false
    await until(() => outbox.status.sinks['sink']?.pending === 0)
    await outbox.close(1000)
    expect(outbox.status.health).toBe('up')
    const critical = [...names(100, 'critical'), ...names(300, 'more')]
    expect(sink.ids.filter(id => !id.startsWith('low'))).toEqual(critical)
    expect(imbalance(outbox)).toEqual([])
  }, 60_000)
})
