import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { createLog } from '../src/operate/log.ts'
import { openOutbox } from '../src/outbox/outbox.ts'
import * as kinds from '../src/sinks/index.ts'
import { Output } from '../src/sinks/output.ts'
import { type SinkKind } from '../src/sinks/sink.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { library, openMockCluster } from '../test/sinks/support/mock-cluster.ts'

/**
 * Alerts a second that each sink takes out of the outbox: a backlog of ALERTS (default 20,000) of
 * 1.1 KB goes to a far side on loopback in the same process. In an outage of ten minutes at 500 a
 * second 300,000 wait; five times as fast as they come is 2,500 a second.
 */

const total = Number(process.env['ALERTS'] ?? 20_000)
const target = 2500
const filler = 'x'.repeat(800)
const log = createLog({ level: 'silent' })
const registry: Readonly<Record<string, SinkKind>> = kinds
const ends: (() => unknown)[] = []

function document(n: number) {
  return {
    '@timestamp': '2026-11-22T08:21:03.123456Z',
    message: `alert ${n} ${filler}`,
    labels: { level: 'medium' },
    event: { kind: 'alert', id: `id-${n}`, category: ['network'], severity: 47 },
    rule: { id: '6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01', name: 'A rule' },
    network: { community_id: `1:${n % 1000}` },
  }
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(socket => onSocket(socket.on('error', () => undefined)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Answers each request with 200; no more HTTP than that needs. */
function answering(socket: Socket): void {
  let text = ''
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1')
    for (;;) {
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
      if (end < 0 || text.length < end + 4 + length) return
      text = text.slice(end + 4 + length)
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    }
  })
}

const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
const sinks: Readonly<Record<string, () => Promise<Record<string, unknown>>>> = {
  file: async () => ({ path: join(folder, 'alerts.jsonl') }),
  async webhook() {
    const url = `http://127.0.0.1:${await listen(answering)}/`
    return { url, allow_http: true, allow_private: true }
  },
  async syslog() {
    const port = await listen(socket => void socket.resume().on('end', () => socket.end()))
    return { host: '127.0.0.1', port, transport: 'tcp' }
  },
  async kafka() {
    const cluster = openMockCluster(3)
    ends.push(() => cluster.end())
    cluster.createTopic('alerts', 12)
    return { brokers: cluster.brokers, topic: 'alerts', transport: 'tcp' }
  },
}

async function measure(name: string, options: Record<string, unknown>): Promise<void> {
  const directory = mkdtempSync(join(folder, 'state-'))
  const environment = await openEnvironment({ directory })
  const file = join(directory, 'orthrus.yaml')
  writeFileSync(file, JSON.stringify({ sinks: { [name]: { type: name, ...options } } }))
  const sink = await registry[name]?.open(loadConfig(file).sinks[name] as never, {
    name,
    log,
    output: new Output(process.stdout),
  })
  if (sink === undefined) throw new Error(`there is no sink ${name}`)
  const first = await openOutbox({ environment, outlets: new Map(), log })
  await first.close(0)
  let gate: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    gate = resolve
  })
  // Held until all of it is on the disk: what counts is delivery alone.
  const receiver = {
    ...sink,
    send: async (...[batch, took]: Parameters<typeof sink.send>) => {
      await opened
      return sink.send(batch, took)
    },
  }
  const outbox = await openOutbox({ environment, outlets: new Map([[name, { receiver }]]), log })
  for (let n = 0; n < total; n += 1000) {
    await Promise.all(Array.from({ length: 1000 }, (_, i) => outbox.accept(document(n + i))))
  }
  const start = performance.now()
  const before = process.cpuUsage()
  gate()
  const { metrics } = outbox.lanes[0] ?? {}
  while ((metrics?.latency.count ?? total) < total) await new Promise(done => setTimeout(done, 2))
  const rate = total / ((performance.now() - start) / 1000)
  const verdict = rate >= target ? 'met' : 'MISSED'
  const { user, system } = process.cpuUsage(before)
  const each = ((user + system) / total).toFixed(0)
  const figure = `${name.padEnd(10)} ${Math.round(rate)} alerts/s`
  console.log(`${figure}  target ${target}: ${verdict}, ${each} µs of CPU each, far side included`)
  await outbox.close(5000)
  await environment.close()
}

try {
  for (const [name, open] of Object.entries(sinks)) {
    if (name === 'kafka' && library === undefined) continue
    await measure(name, await open())
  }
} finally {
  for (const end of ends) end()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
