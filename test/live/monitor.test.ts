import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { promtool, promtoolFaults, seriesOf } from '../operate/monitor/promtool.ts'
import { Lab } from './support/lab.ts'

const script = `
  const answer = await fetch(process.argv[1])
  process.stdout.write(answer.status + ' ' + await answer.text())`

describe.skipIf(!isRoot)('run with a monitor', () => {
  let lab: Lab

  beforeEach(() => {
    lab = new Lab()
    writeFileSync(lab.path('c.yaml'), 'monitor: { listen: "127.0.0.1:9477" }\n')
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  const args = () => [
    ...['-i', 'w0', '--learn', '0', '--state', lab.path('s')],
    ...['-c', lab.path('c.yaml')],
  ]

  /** What an HTTP client beside the sensor gets: status and text. */
  function ask(path: string): [number, string] {
    const url = `http://127.0.0.1:9477${path}`
    const said = lab.home.run(process.execPath, '--input-type=module', '-e', script, url)
    return [Number(said.slice(0, 3)), said.slice(4)]
  }

  test('probes and Prometheus are told of what passes', async () => {
    const sensor = await lab.run(args())
    await sensor.says('stderr', 'health and metrics on http://127.0.0.1:9477')
    await lab.fromPeer('ping -c 1 -W 5 192.0.2.1')
    await sensor.until(() => sensor.alerts.length > 0, 'no alert')
    expect(ask('/livez')).toEqual([200, 'alive\n'])
    expect(ask('/readyz')).toEqual([200, 'ready\n'])
    const [, status] = ask('/status')
    expect(JSON.parse(status)).toMatchObject({
      health: 'up',
      sinks: { console: { state: 'up', dead: 0 } },
      devices: { learningLeftSeconds: 0 },
    })
    const [code, page] = ask('/metrics')
    expect(code).toBe(200)
    const series = seriesOf(page)
    expect(series.get('orthrus_kernel_packets_total')).toBeGreaterThan(2)
    expect(series.get('orthrus_kernel_records_total{class="arp",outcome="sent"}')).toBeGreaterThan(
      0,
    )
    expect(series.get('orthrus_ring_size_bytes')).toBe(8 << 20)
    expect(series.get('orthrus_rules')).toBeGreaterThan(10)
    expect(series.get('orthrus_devices')).toBeGreaterThan(0)
    expect(series.get('orthrus_alerts_accepted_total{sink="console"}')).toBeGreaterThan(0)
    if (promtool !== undefined) expect(promtoolFaults(page)).toBe('')
    expect(await sensor.end()).toBe(0)
  })

  test('a port that somebody else has ends nothing, and is told', async () => {
    const other = createServer()
    lab.home.inside(() => other.listen(9477))
    onTestFinished(() => void other.close())
    const sensor = await lab.run(args())
    await sensor.says('stderr', /cannot listen on 127\.0\.0\.1:9477: another program has the port/)
    await lab.fromPeer('ping -c 1 -W 5 192.0.2.1')
    await sensor.until(() => sensor.alerts.length > 0, 'no alert')
    expect(await sensor.end()).toBe(0)
  })
})
