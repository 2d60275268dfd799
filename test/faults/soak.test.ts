import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { library, startMockCluster } from '../sinks/support/mock-kafka.ts'
import { startProgram, until } from '../sinks/support/process.ts'
import { startReceiver } from '../sinks/support/receiver.ts'
import { receivers } from '../sinks/support/syslog-receivers.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { randomFrom, rounds, seed } from './rounds.ts'
import { idsOf, Seen, tailOf } from './seen.ts'

/** The whole soak of DELIVERY.md is SOAK_SECONDS=1800. */
const seconds = Number(process.env['SOAK_SECONDS'] ?? 10 * rounds)
const perSecond = 1000
const faultEveryMs = 5000
const quota = 256 * 1024 * 1024
/** A short run is still warming up. */
const mostMegabytes = seconds < 300 ? 60 : 20
const [rsyslog] = receivers
const child = fileURLToPath(new URL('soak.mjs', import.meta.url))
const dist = fileURLToPath(new URL('../../dist', import.meta.url))

interface Said {
  readonly made: number
  readonly fileBytes: number
  readonly health: string
  /** MiB, after a collection. */
  readonly rss: number
  readonly heap: number
  readonly fds: number
  readonly accounts: readonly Account[]
}

interface Account {
  readonly name: string
  readonly accepted: number
  readonly delivered: number
  readonly dead: number
  readonly dropped: number
  readonly filtered: number
  readonly replayed: number
  /** Counted one by one. */
  readonly waiting: number
  /** By the loss ledger. */
  readonly lost: number
}

/** R10, for each sink. */
function imbalance({ accounts }: Said): string[] {
  return accounts.flatMap(one => {
    const { name, accepted, delivered, dead, dropped, filtered, replayed, waiting, lost } = one
    const sum = delivered + dead + dropped + filtered + replayed + waiting
    const faults = sum === accepted ? [] : [`${name}: ${accepted} became ${sum}`]
    return dropped === lost ? faults : [...faults, `${name}: ledger says ${lost} of ${dropped}`]
  })
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** How much more the last third needs than the second; the first has what every run needs. */
function trend(values: readonly number[]): number {
  const third = Math.floor(values.length / 3)
  return median(values.slice(-third)) - median(values.slice(third, 2 * third))
}

test.skipIf(library === undefined || rsyslog?.name !== 'rsyslog')(
  `T29: ${seconds} s of ${perSecond} alerts a second to four sinks that fail in turn, SEED=${seed}`,
  async () => {
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const most = (seconds + 60) * perSecond
    const seen = {
      webhook: new Seen(most),
      kafka: new Seen(most),
      syslog: new Seen(most),
      file: new Seen(most),
    }

    let mode = 'ok'
    const server = await startReceiver((response, { headers }) => {
      server.received.length = 0
      if (mode === 'hang') return
      if (mode === 'reset') return response.destroy()
      if (mode !== 'ok') return response.writeHead(Number(mode), { 'retry-after': '1' }).end()
      seen.webhook.add(String(headers['webhook-id']))
      return response.end('ok')
    })
    const cluster = startMockCluster()
    cluster.createTopic('alerts', 12)
    const syslogd = await rsyslog?.start({ transport: 'tcp' })
    if (syslogd === undefined) throw new Error('no rsyslog')
    const path = join(temporaryDirectory(), 'alerts.jsonl')

    // The made-up brokers keep the last 5 MiB of a partition: what comes is read at once.
    const words = ['-C', '-t', 'alerts', '-u', '-q', '-E', '-o', 'beginning', '-f', '%h\\n']
    const quickly = ['-X', 'fetch.wait.max.ms=50', '-X', 'fetch.error.backoff.ms=50']
    const kcat = spawn('kcat', ['-b', cluster.brokers.join(','), ...quickly, ...words])
    onTestFinished(() => void kcat.kill())
    kcat.stdout.on('data', (data: Buffer) => void takeKafka(data.toString('latin1')))
    const takeKafka = idsOf(/event\.id=(a\d+)/, id => seen.kafka.add(id))
    const readSyslog = tailOf(
      syslogd.out,
      idsOf(/"id": *"(a\d+)"/, id => seen.syslog.add(id)),
    )
    const readFile = tailOf(
      path,
      idsOf(/"id":"(a\d+)"/, id => seen.file.add(id)),
    )

    const brokers = { brokers: cluster.brokers, topic: 'alerts', transport: 'tcp' }
    const quick = { request_timeout: '1s', connection_timeout: '1s' }
    const local = { allow_http: true, allow_private: true, timeout: '1s' }
    const sinks = {
      webhook: { url: server.url, ...local },
      kafka: { ...brokers, ...quick },
      syslog: { host: '127.0.0.1', port: syslogd.port, transport: 'tcp' },
      file: { path },
    }
    const flags = ['--max-semi-space-size=8', '--expose-gc']
    const settings = JSON.stringify({ perSecond, quota, sinks })
    const state = join(temporaryDirectory(), 'state')
    const sensor = startProgram(process.execPath, [...flags, child, state, dist, settings], {
      MALLOC_ARENA_MAX: '1',
      MALLOC_MMAP_THRESHOLD_: '131072',
    })
    const said: Said[] = []
    const takeLine = idsOf(/^(\{.*)/, line => {
      said.push(JSON.parse(line) as Said)
    })
    sensor.stdout?.on('data', (data: Buffer) => void takeLine(data.toString()))
    const last = () => said.at(-1)
    const waiting = (name: string) => last()?.accounts.find(one => one.name === name)?.waiting ?? -1
    const story = () => sensor.said().slice(-2000)

    let dead = false
    const faults: Readonly<Record<string, () => unknown>> = {
      webhook: () => {
        mode = pick(['500', '429', 'hang', 'reset'])
      },
      broker: () => {
        const broker = pick([1, 2, 3])
        cluster.down(broker)
        setTimeout(() => cluster.up(broker), 2000)
      },
      leader: () => cluster.moveLeader('alerts', pick([0, 3, 6, 9]), pick([1, 2, 3])),
      produce: () => cluster.failProduce(pick([6, 7, 19]), pick([-195, 3, 2])),
      syslog: async () => {
        if (dead) return
        dead = true
        syslogd.kill('SIGKILL')
        await new Promise(done => setTimeout(done, 1500))
        await syslogd.restart()
        dead = false
      },
    }

    await until(() => said.length > 0, story)
    const done: Record<string, number> = {}
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      await new Promise(next => setTimeout(next, faultEveryMs))
      mode = 'ok'
      const fault = pick(Object.keys(faults))
      done[fault] = (done[fault] ?? 0) + 1
      void faults[fault]?.()
      readSyslog()
      readFile()
      expect([sensor.exitCode, ...said.flatMap(imbalance)], story()).toEqual([null])
    }
    const during = [...said]
    sensor.stdin?.write('stop\n')
    mode = 'ok'
    for (const broker of [1, 2, 3]) cluster.up(broker)
    await until(
      () => !dead,
      () => 'rsyslog is dead',
    )
    for (const name of ['webhook', 'kafka', 'file']) {
      await until(() => waiting(name) === 0, story, 900_000)
    }
    // A far side too slow for all of it costs alerts, which the ledger has; nothing else does.
    const due = (name: string) =>
      (last()?.made ?? 0) - (last()?.accounts.find(one => one.name === name)?.lost ?? 0)
    const complete = () => {
      readSyslog()
      readFile()
      return Object.entries(seen).every(([name, { size }]) => size === due(name))
    }
    const sizes = () => Object.entries(seen).map(([name, { size }]) => `${name} ${size}`)
    await until(complete, () => `${last()?.made} made, ${sizes().join(', ')}`, 120_000)
    sensor.stdin?.write('end\n')
    await until(() => last()?.health === 'closed', story)

    const made = last()?.made ?? 0
    const figures = {
      made,
      faults: done,
      lost: Object.fromEntries(last()?.accounts.map(({ name, lost }) => [name, lost]) ?? []),
      twice: Object.fromEntries(Object.entries(seen).map(([name, one]) => [name, one.doubles])),
      rss: [Math.min(...during.map(one => one.rss)), Math.max(...during.map(one => one.rss))],
      rssTrend: trend(during.map(one => one.rss)),
      heapTrend: trend(during.map(one => one.heap)),
      fdTrend: trend(during.map(one => one.fds)),
      fileMiB: Math.max(...during.map(one => one.fileBytes)) / 1048576,
    }
    process.stdout.write(`  ${JSON.stringify(figures)}\n`)
    expect(said.flatMap(imbalance)).toEqual([])
    for (const one of last()?.accounts ?? []) {
      const { name, lost, dropped } = one
      expect(one).toMatchObject({ name, accepted: made, delivered: made - lost, waiting: 0 })
      expect(name === 'webhook' ? dropped : lost).toBe(name === 'webhook' ? lost : 0)
    }
    expect(Object.values(seen).map(({ foreign }) => foreign)).toEqual([0, 0, 0, 0])
    expect(made).toBeGreaterThan(seconds * perSecond * 0.9)
    expect(Math.max(...said.map(one => one.fileBytes))).toBeLessThan(quota)
    expect(figures.rssTrend).toBeLessThan(mostMegabytes)
    expect(figures.heapTrend).toBeLessThan(mostMegabytes)
    expect(figures.fdTrend).toBeLessThan(10)
  },
  (seconds + 1800) * 1000,
)
