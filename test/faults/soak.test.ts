import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { accept, imbalance, open } from '../outbox/harness.ts'
import { library, startMockCluster } from '../sinks/support/mock-kafka.ts'
import { openSink } from '../sinks/support/open.ts'
import { until } from '../sinks/support/process.ts'
import { startReceiver } from '../sinks/support/receiver.ts'
import { receivers } from '../sinks/support/syslog-receivers.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { randomFrom, rounds, seed } from './rounds.ts'

/** The whole soak of DELIVERY.md is SOAK_SECONDS=1800. */
const seconds = Number(process.env['SOAK_SECONDS'] ?? 10 * rounds)
const perSecond = 1000
const faultEveryMs = 5000
const quota = 256 * 1024 * 1024
const [rsyslog] = receivers

const fds = () => readdirSync('/proc/self/fd').length

test.skipIf(library === undefined || rsyslog === undefined)(
  `T29: ${seconds} s of ${perSecond} alerts a second to four sinks that fail in turn, SEED=${seed}`,
  async () => {
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

    const web = { mode: 'ok', ids: new Set<string>(), doubles: 0 }
    const server = await startReceiver((response, { headers }) => {
      if (web.mode === 'hang') return
      if (web.mode === 'reset') return response.destroy()
      if (web.mode !== 'ok')
        return response.writeHead(Number(web.mode), { 'retry-after': '1' }).end()
      const id = String(headers['webhook-id'])
      if (web.ids.has(id)) web.doubles++
      web.ids.add(id)
      return response.end('ok')
    })
    const cluster = startMockCluster()
    cluster.createTopic('alerts', 12)
    const syslogd = await rsyslog?.start({ transport: 'tcp' })
    if (syslogd === undefined) throw new Error('no rsyslog')
    const file = join(temporaryDirectory(), 'alerts.jsonl')

    const brokers = { brokers: cluster.brokers, topic: 'alerts', transport: 'tcp' }
    const quick = { request_timeout: '1s', connection_timeout: '1s' }
    const local = { allow_http: true, allow_private: true, timeout: '1s' }
    const sinks = {
      web: await openSink('webhook', { url: server.url, ...local }),
      kafka: await openSink('kafka', { ...brokers, ...quick }),
      syslog: await openSink('syslog', { host: '127.0.0.1', port: syslogd.port, transport: 'tcp' }),
      file: await openSink('file', { path: file }),
    }
    const environment = await openTemporary()
    const outbox = await open(environment, sinks, { quota, baseMs: 20 })

    let dead = false
    const faults: Readonly<Record<string, () => unknown>> = {
      web: () => {
        web.mode = pick(['ok', 'ok', '500', '429', 'hang', 'reset'])
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

    let made = 0
    let fdsAtFirst = 0
    const start = performance.now()
    let nextFault = faultEveryMs
    for (let now = 0; now < seconds * 1000; now = performance.now() - start) {
      const due = Math.floor((now / 1000) * perSecond)
      const names = Array.from({ length: Math.min(2000, due - made) }, (_, n) => `a${made + n}`)
      made += names.length
      await accept(outbox, names, { size: 600 })
      if (now > nextFault) {
        nextFault += faultEveryMs
        void faults[pick(Object.keys(faults))]?.()
        expect(imbalance(outbox)).toEqual([])
        expect(outbox.status.fileBytes).toBeLessThan(quota)
        fdsAtFirst ||= fds()
      }
      await new Promise(done => setTimeout(done, 20))
    }
    web.mode = 'ok'
    for (const broker of [1, 2, 3]) cluster.up(broker)
    await until(
      () => !dead,
      () => 'rsyslog is dead',
      60_000,
    )
    const { sinks: _ } = outbox.status
    const { syslog: __, ...acknowledged } = sinks
    const pending = (name: string) => outbox.status.sinks[name]?.pending ?? -1
    for (const name of Object.keys(acknowledged)) {
      await until(
        () => pending(name) === 0 && outbox.backlog.newest === made,
        () => `${name} ${pending(name)}`,
        240_000,
      )
      expect(outbox.status.sinks[name]).toMatchObject({ accepted: made, delivered: made })
    }
    const logged = () => new Set(syslogd.messages().map(one => one.id)).size
    await until(
      () => logged() === made,
      () => `${logged()} of ${made} logged`,
      120_000,
    )
    expect(imbalance(outbox)).toEqual([])
    expect(web.ids.size).toBe(made)
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    expect(new Set(lines.map(line => JSON.parse(line).event.id)).size).toBe(made)
    expect(fds()).toBeLessThan(fdsAtFirst + 30)
    await outbox.close(5000)
  },
  (seconds + 600) * 1000,
)
