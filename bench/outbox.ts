import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../src/operate/log.ts'
import { type Outbox, openOutbox } from '../src/outbox/outbox.ts'
import { type Alert } from '../src/outbox/queued.ts'
import { SinkError } from '../src/outbox/sink-error.ts'
import { openEnvironment } from '../src/storage/environment.ts'

/**
 * The outbox on a real disk: alerts a second that are durable when they count as accepted, memory
 * while a sink is down, and how fast the backlog goes when it is back. OUTAGE_SECONDS (default 20),
 * OUTAGE_RATE (default 500 alerts/s).
 */

const seconds = Number(process.env['OUTAGE_SECONDS'] ?? 20)
const rate = Number(process.env['OUTAGE_RATE'] ?? 500)
const filler = 'x'.repeat(800)

function document(n: number) {
  return {
    '@timestamp': '2026-11-22T08:21:03.123456Z',
    message: `alert ${n} ${filler}`,
    labels: { level: n % 50 === 0 ? 'critical' : 'medium' },
    event: { kind: 'alert', id: `id-${n}`, category: ['network'], severity: 47 },
    rule: { id: '6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01', name: 'A rule' },
    network: { community_id: `1:${n % 1000}` },
  }
}

function rssAnon(): number {
  const line = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}

let down = false
let received = 0
const sink = {
  send: async (batch: readonly Alert[]) => {
    if (down) throw new SinkError('transient', 'down')
    received += batch.length
  },
}

async function accept(outbox: Outbox, count: number): Promise<number> {
  const start = performance.now()
  for (let n = 0; n < count; ) {
    const some = Array.from({ length: Math.min(2048, count - n) }, () =>
      outbox.accept(document(n++)),
    )
    await Promise.all(some)
  }
  return count / ((performance.now() - start) / 1000)
}

/** µs of processor time an alert that `work` took, all threads together. */
async function cost(count: number, work: () => Promise<unknown>): Promise<string> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return `${((user + system) / count).toFixed(0)} µs of CPU each`
}

const verdict = (isMet: boolean) => (isMet ? 'met' : 'MISSED')

const until = async (count: number) => {
  while (received < count) await new Promise(done => setTimeout(done, 5))
}

const directory = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
const environment = await openEnvironment({ directory })
const outbox = await openOutbox({
  environment,
  outlets: new Map([['sink', { receiver: sink }]]),
  log: createLog({ level: 'silent' }),
})
try {
  await accept(outbox, 5000)
  let burst = 0
  const each = await cost(40_000, async () => {
    burst = await accept(outbox, 40_000)
    await until(45_000)
  })
  console.log(`accepted, durable, 1.1 KB  ${Math.round(burst)} alerts/s, ${each} with delivery`)

  const latencies: number[] = []
  for (let n = 0; n < 200; n++) {
    const start = performance.now()
    const before = received
    await outbox.accept(document(n))
    await until(before + 1)
    latencies.push(performance.now() - start)
  }
  latencies.sort((a, b) => a - b)
  console.log(
    `accept to sink, one a time p50 ${latencies[100]?.toFixed(1)} ms, p99 ${latencies[197]?.toFixed(1)} ms`,
  )

  down = true
  globalThis.gc?.()
  const before = rssAnon()
  const start = performance.now()
  let sent = 0
  let most = 0
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate)
    while (sent < due) void outbox.accept(document(sent++))
    most = Math.max(most, rssAnon())
    await new Promise(done => setTimeout(done, 50))
  }
  await environment.flush()
  const grown = most - before
  console.log(
    `outage of ${seconds} s at ${rate}/s    RssAnon +${grown.toFixed(1)} MB at most  target 20 MB: ${verdict(grown <= 20)}`,
  )
  const base = received
  const backlog = outbox.status.sinks['sink']?.pending ?? 0
  await outbox.close(0)
  down = false
  const again = await openOutbox({
    environment,
    outlets: new Map([['sink', { receiver: sink }]]),
    log: createLog({ level: 'silent' }),
    baseMs: 1,
  })
  // The pause of the outage goes on after a restart; what counts begins with the first alert.
  await until(base + 1)
  const back = performance.now()
  const caught = await cost(backlog, () => until(base + backlog))
  const speed = backlog / ((performance.now() - back) / 1000)
  console.log(
    `catch-up of ${backlog}           ${Math.round(speed)} alerts/s, ${caught}  target ${5 * rate}: ${verdict(speed >= 5 * rate)}`,
  )
  await again.close(1000)
} finally {
  await environment.close()
  rmSync(directory, { recursive: true })
}
