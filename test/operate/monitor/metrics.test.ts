import { describe, expect, test } from 'vitest'
import { levels } from '../../../src/alerts/alert.ts'
import { newsClasses, noCounters, noSourceCounters } from '../../../src/capture/counters.ts'
import { AlertTally } from '../../../src/operate/alert-tally.ts'
import { families, fullName } from '../../../src/operate/monitor/families.ts'
import { metricsPage } from '../../../src/operate/monitor/prometheus.ts'
import { accept, down, keeper, names, open, refused, until } from '../../outbox/harness.ts'
import { hostile } from '../../sinks/alert.ts'
import { openTemporary } from '../../storage/open.ts'
import { promtool, promtoolFaults, seriesOf } from './promtool.ts'
import { readingsOfOutbox } from './snapshot.ts'

/** An outbox with a sink that takes all but one alert, and one that takes nothing. */
async function busy() {
  const environment = await openTemporary()
  const good = keeper(batch =>
    batch.some(({ id }) => id === 'bad') ? refused('never') : undefined,
  )
  const away = keeper(() => down())
  const outbox = await open(environment, { good, away })
  await accept(outbox, [...names(20), 'bad'], { level: 'high' })
  await until(() => outbox.status.sinks['good']?.pending === 0 && away.state.sends > 5)
  return outbox
}

const tallied = (alerts: readonly { level: string; rule: string }[]) => {
  const tally = new AlertTally()
  for (const { level, rule } of alerts) tally.count({ labels: { level }, rule: { id: rule } })
  return tally
}

describe('metrics', () => {
  test('tell what the outbox knows of each sink', async () => {
    const outbox = await busy()
    const page = await metricsPage(readingsOfOutbox(outbox).all)()
    expect(page.type).toMatch(/^text\/plain; version=0\.0\.4/)
    const series = seriesOf(page.body)
    const of = (name: string) => series.get(`orthrus_${name}`)
    expect(of('alerts_accepted_total{sink="good"}')).toBe(21)
    expect(of('alerts_delivered_total{sink="good"}')).toBe(20)
    expect(of('alerts_dead_lettered_total{sink="good"}')).toBe(1)
    expect(of('dlq_entries{sink="good"}')).toBe(1)
    expect(of('sink_state{sink="good",state="up"}')).toBe(1)
    expect(of('sink_state{sink="away",state="down"}')).toBe(1)
    expect(of('sink_state{sink="away",state="up"}')).toBe(0)
    expect(of('outbox_pending_entries{sink="away"}')).toBe(21)
    expect(of('outbox_oldest_seconds{sink="away"}')).toBeGreaterThan(0)
    expect(of('outbox_entries')).toBe(21)
    expect(of('delivery_retries_total{sink="away",class="transient"}')).toBeGreaterThan(4)
    expect(of('delivery_attempts_total{sink="away",result="ok"}')).toBe(0)
    expect(of('outbox_health{state="up"}')).toBe(1)
    expect(of('detector_entries{detector="scan",table="pairs"}')).toBe(7)
    expect(of('detector_refused_total{detector="scan",reason="refused"}')).toBe(2)
    expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  })

  test('tell times as histograms that add up', async () => {
    const outbox = await busy()
    const { body } = await metricsPage(readingsOfOutbox(outbox).all)()
    const series = seriesOf(body)
    for (const [name, labels] of [
      ['delivery_latency_seconds', 'sink="good"'],
      ['delivery_duration_seconds', 'sink="good"'],
      ['outbox_commit_seconds', ''],
    ]) {
      const count = series.get(`orthrus_${name}_count${labels && `{${labels}}`}`) ?? 0
      expect(count).toBeGreaterThan(0)
      const buckets = [...series].filter(
        ([key]) => key.startsWith(`orthrus_${name}_bucket{`) && key.includes(labels ?? ''),
      )
      const values = buckets.map(([, value]) => value)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      expect(values.at(-1)).toBe(count)
      expect(series.get(`orthrus_${name}_sum${labels && `{${labels}}`}`)).toBeGreaterThan(0)
    }
    expect(series.get('orthrus_delivery_latency_seconds_count{sink="good"}')).toBe(20)
  })

  test('are of the moment at which they are asked for', async () => {
    const outbox = await busy()
    const page = metricsPage(readingsOfOutbox(outbox).all)
    const accepted = async () =>
      seriesOf((await page()).body).get('orthrus_alerts_accepted_total{sink="good"}')
    expect(await accepted()).toBe(21)
    await accept(outbox, names(4, 'more'))
    await until(() => outbox.status.sinks['good']?.delivered === 24)
    expect([await accepted(), await accepted()]).toEqual([25, 25])
  })

  test('tell losses by severity and reason', async () => {
    const environment = await openTemporary()
    const dead = keeper(() => down())
    const outbox = await open(environment, { dead }, { quota: 40_000 })
    for (const level of levels) await accept(outbox, names(30, level), { level, size: 800 })
    await until(() => (outbox.status.sinks['dead']?.dropped ?? 0) > 30)
    const { body } = await metricsPage(readingsOfOutbox(outbox).all)()
    const series = [...seriesOf(body)].filter(([name]) => name.includes('alerts_dropped_total'))
    expect(series.map(([name]) => name)).toEqual(
      expect.arrayContaining(
        levels.map(
          level => `orthrus_alerts_dropped_total{sink="dead",severity="${level}",reason="quota"}`,
        ),
      ),
    )
    const total = series.reduce((sum, [, value]) => sum + value, 0)
    expect(total).toBe(outbox.status.sinks['dead']?.dropped)
  })

  test('tell the kernel’s news by class and outcome', async () => {
    const outbox = await busy()
    const kernel = { ...noCounters(), packets: 9e9 }
    kernel.held = { ...kernel.held, flowStart: 5 }
    kernel.lost = { ...kernel.lost, message: 2 }
    const source = { ...noSourceCounters(), kernel, flowsLive: 17, ringSize: 8 << 20 }
    const { body } = await metricsPage(readingsOfOutbox(outbox, { source }).all)()
    const series = seriesOf(body)
    const of = (name: string) => series.get(`orthrus_${name}`)
    expect(of('kernel_packets_total')).toBe(9e9)
    expect(of('kernel_records_total{class="flow_start",outcome="held"}')).toBe(5)
    expect(of('kernel_records_total{class="message",outcome="lost"}')).toBe(2)
    expect(of('flows_live')).toBe(17)
    expect(body.match(/^orthrus_kernel_records_total\{/gm)).toHaveLength(newsClasses.length * 4)
  })

  test('have no label that somebody else has made up, and no end of them', async () => {
    const outbox = await busy()
    const many = names(2000, 'rule-').map(rule => ({ level: 'high', rule }))
    const alerts = tallied([
      ...hostile.map(rule => ({ level: rule, rule })),
      ...many,
      ...many.slice(0, 3),
    ])
    await accept(outbox, hostile, { rule: hostile[0] ?? '', level: 'high' })
    const { body } = await metricsPage(readingsOfOutbox(outbox, { alerts }).all)()
    const series = seriesOf(body)
    expect(series.get('orthrus_rule_alerts_total{rule="rule-0"}')).toBe(2)
    expect(series.get('orthrus_rule_alerts_total{rule="other"}')).toBe(2000 - 511 + hostile.length)
    expect(body.match(/^orthrus_rule_alerts_total\{/gm)).toHaveLength(512)
    expect(series.get('orthrus_alerts_raised_total{severity="high"}')).toBe(2003)
    expect(body.match(/^orthrus_alerts_raised_total\{/gm)).toHaveLength(levels.length)
    for (const text of hostile) expect(body).not.toContain(text.slice(0, 6))
  })

  test('have names of their own and a sentence each', () => {
    expect(new Set(families.map(fullName)).size).toBe(families.length)
    for (const family of families) expect(family.help).toMatch(/^\S.*\.$/)
  })

  test.skipIf(promtool === undefined)('are what Prometheus wants', async () => {
    const alerts = tallied([{ level: 'high', rule: '6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01' }])
    const loss = { records_cut: 3 }
    const readings = readingsOfOutbox(await busy(), { alerts, loss })
    const { body } = await metricsPage(readings.all)()
    expect(promtoolFaults(body)).toBe('')
    // It does find what is wrong.
    expect(promtoolFaults(`${body}orthrus_one_more{sink=a} 1\n`)).toContain('exit 1')
  })
})
