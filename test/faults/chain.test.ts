import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { orthrus } from '../commands/orthrus.ts'
import { arp, ethernet } from '../generate/packets.ts'
import { Lab } from '../live/support/lab.ts'
import { authority, localNames } from '../sinks/support/certificates.ts'
import { consume } from '../sinks/support/kcat.ts'
import { library, startMockCluster } from '../sinks/support/mock-kafka.ts'
import { receivers } from '../sinks/support/syslog-receivers.ts'
import { randomFrom, rounds, seed } from './rounds.ts'

const perRound = 1500
/** What is under way when the sensor is killed, in too few rounds to be less than 1 % of all. */
const underWay = rounds < 20 ? 20 * rounds : 0
const partitions = 12
const [rsyslog] = receivers
const canRun = isRoot && library !== undefined && rsyslog?.name === 'rsyslog'

interface Account {
  readonly sink: string
  readonly accepted: number
  readonly delivered: number
  readonly dead: number
  readonly dropped: number
  readonly filtered: number
  readonly replayed: number
  readonly pending: number
}

/** A webhook in the lab that can go away, come back and answer what it is told to. */
function startWebhook(lab: Lab) {
  const state = { status: 200, ids: [] as string[] }
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (state.status === 200) state.ids.push(String(request.headers['webhook-id']))
      response.writeHead(state.status).end('ok')
    })
  })
  // Without a host it is bound before this returns.
  const listen = (port: number) => void lab.home.inside(() => server.listen(port))
  listen(0)
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    return new Promise(done => server.close(done))
  }
  onTestFinished(() => void close())
  const restart = async () => {
    await close()
    await pause(300)
    listen(port)
  }
  return { state, port, restart }
}

const pause = (ms: number) => new Promise(done => setTimeout(done, ms))

test.skipIf(!canRun)(
  `frames to alerts at three sinks, ${rounds} rounds of kill -9 and of peers that come and go, SEED=${seed}`,
  async () => {
    await using lab = new Lab()
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const inside = <T>(work: () => T): T => lab.home.inside(work)
    lab.home.ip('link', 'set', 'lo', 'up')
    lab.home.ip('address', 'add', '198.18.0.1/16', 'dev', 'w0')

    const web = startWebhook(lab)
    const cluster = inside(() => startMockCluster())
    cluster.createTopic('alerts', partitions)
    const ca = authority()
    const tls = { ...ca.issue('server', localNames), ca: ca.cert, mutual: false }
    const syslogd = await rsyslog?.start({ transport: 'tls', tls, inside })
    if (syslogd === undefined) throw new Error('no rsyslog')

    const config = lab.path('orthrus.yaml')
    writeFileSync(
      config,
      `sinks:
  kafka: { type: kafka, brokers: [${cluster.brokers.join(', ')}], topic: alerts, transport: tcp, request_timeout: 2s }
  web: { type: webhook, url: "http://127.0.0.1:${web.port}/", allow_http: true, allow_private: true }
  log: { type: syslog, host: 127.0.0.1, port: ${syslogd.port}, tls: { ca: ${ca.cert} } }
`,
    )
    const args = ['-i', 'w0', '--learn', '0', '--state', lab.path('s'), '-c', config]

    let made = 0
    const announce = () => {
      const n = made++
      const hex = (byte: number) => (byte & 255).toString(16).padStart(2, '0')
      const src = `02:01:5e:${hex(n >> 16)}:${hex(n >> 8)}:${hex(n)}`
      const address = `198.18.${1 + ((n >> 7) % 250)}.${1 + (n & 127)}`
      const content = arp({ senderMac: src, senderIp: address, targetIp: address })
      lab.frame(ethernet({ src, dst: 'ff:ff:ff:ff:ff:ff' }, content))
    }

    // The made-up brokers keep 5 MiB of a partition: what a round brings is read before more comes.
    const records = new Map<string, string>()
    const readKafka = async () => {
      for (const one of await inside(() => consume(cluster.brokers, 'alerts'))) {
        records.set(`${one.partition}:${one.offset}`, one.headers['event.id'] ?? '')
      }
    }

    let busy: Promise<unknown> = Promise.resolve()
    const faults: readonly (() => unknown)[] = [
      () => web.restart(),
      async () => {
        web.state.status = pick([500, 503, 429])
        await pause(400)
        web.state.status = 200
      },
      async () => {
        const broker = pick([1, 2, 3])
        cluster.down(broker)
        await pause(500)
        cluster.up(broker)
      },
      () => cluster.moveLeader('alerts', Math.floor(random() * partitions), pick([1, 2, 3])),
      async () => {
        syslogd.kill('SIGKILL')
        await syslogd.restart()
      },
    ]

    for (let round = 0; round < rounds; round++) {
      const sensor = await lab.run(args)
      // Killed somewhere in the traffic, most often while alerts are under way.
      const end = Math.floor(perRound * (0.4 + 0.6 * random()))
      const faultAt = Math.floor(end * random())
      for (let n = 0; n < end; n++) {
        announce()
        if (n === faultAt) busy = Promise.all([busy, pick(faults)()])
        if (n % 3 === 0) await pause(8)
      }
      await sensor.kill()
      await busy
      await readKafka()
    }

    const last = await lab.run(args)
    for (let n = 0; n < 50; n++) announce()
    // Numbers of alerts only come to rest when nothing waits any more.
    const pending = async () => {
      const found = await report(lab.path('s'))
      return found.reduce((sum, one) => sum + one.pending, 0)
    }
    await pause(1000)
    expect(await last.end()).toBe(0)
    for (let tries = 0; (await pending()) > 0 && tries < 10; tries++) {
      const again = await lab.run(args)
      await pause(2000)
      expect(await again.end()).toBe(0)
    }

    const accounts = await report(lab.path('s'))
    expect(accounts.map(one => one.sink).sort()).toEqual(['kafka', 'log', 'web'])
    for (const one of accounts) {
      const { delivered, dead, dropped, filtered, replayed, accepted } = one
      expect(delivered + dead + dropped + filtered + replayed + one.pending).toBe(accepted)
      expect(one).toMatchObject({ pending: 0, dead: 0, dropped: 0, delivered: accepted })
    }
    const accepted = accounts[0]?.accepted ?? 0
    expect(accepted).toBeGreaterThan(rounds * 50)

    await readKafka()
    const kafka = [...records.values()]
    const log = syslogd.messages().map(one => one.id)
    const got = { kafka, web: web.state.ids, log }
    const all = new Set([...kafka, ...web.state.ids, ...log])
    expect(all.size).toBe(accepted)
    for (const [sink, ids] of Object.entries(got)) {
      const distinct = new Set(ids)
      expect([sink, [...all].filter(id => !distinct.has(id))]).toEqual([sink, []])
      const twice = ids.length - distinct.size
      process.stdout.write(`  ${sink}: ${accepted} alerts, ${twice} twice\n`)
      expect(twice, sink).toBeLessThan(Math.max(accepted * 0.01, underWay))
    }
  },
  120_000 + rounds * 60_000,
)

async function report(state: string): Promise<readonly Account[]> {
  const { stdout } = await orthrus(['outbox', 'status', '--state', state, '-o', 'json'])
  return (JSON.parse(stdout) as { sinks: Account[] }).sinks
}
