import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { orthrus } from '../commands/orthrus.ts'
import { arp, ethernet } from '../generate/packets.ts'
import { Lab } from '../live/support/lab.ts'
import { type SensorProcess } from '../live/support/sensor.ts'
import { randomFrom, rounds, seed } from './rounds.ts'
import { idsOf } from './seen.ts'

const deadlineMs = 2000
/** What the rest of the end may take: the last summary, the memory, on a machine with other work. */
const grace = 5000
/** Devices that appear before it is told to end; more do until it has. */
const perRound = 150

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** How a far side can be when the sensor is told to end. */
const ways: Readonly<Record<string, Answer>> = {
  takes: (_, response) => void response.end('ok'),
  'says nothing': () => undefined,
  'is broken': (_, response) => void response.writeHead(503).end(),
  'asks for a pause': (_, response) => void response.writeHead(429, { 'retry-after': '5' }).end(),
  resets: ({ socket }) => void socket.destroy(),
}

const pause = (ms: number) => new Promise(done => setTimeout(done, ms))

test.skipIf(!isRoot)(
  `T25: told to end under load, once or twice, whatever the sink does, ${rounds} rounds, SEED=${seed}`,
  async () => {
    await using lab = new Lab()
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    lab.home.ip('address', 'add', '198.18.0.1/16', 'dev', 'w0')

    let way = 'takes'
    const received: string[] = []
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        if (way === 'takes') received.push(String(request.headers['webhook-id']))
        ways[way]?.(request, response)
      })
    })
    lab.home.inside(() => server.listen(0))
    const { port } = server.address() as AddressInfo
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const file = lab.path('alerts.jsonl')
    writeFileSync(
      lab.path('c.yaml'),
      `outbox: { shutdown: ${deadlineMs / 1000}s }
sinks:
  web: { type: webhook, url: "http://127.0.0.1:${port}/", allow_http: true, allow_private: true }
  file: { type: file, path: ${file} }
`,
    )
    const args = ['-i', 'w0', '--learn', '0', '--state', lab.path('s'), '-c', lab.path('c.yaml')]

    let made = 0
    const announce = () => {
      const n = made++
      const hex = (byte: number) => (byte & 255).toString(16).padStart(2, '0')
      const src = `02:02:5e:${hex(n >> 16)}:${hex(n >> 8)}:${hex(n)}`
      const address = `198.18.${1 + ((n >> 7) % 250)}.${1 + (n & 127)}`
      const content = arp({ senderMac: src, senderIp: address, targetIp: address })
      lab.frame(ethernet({ src, dst: 'ff:ff:ff:ff:ff:ff' }, content))
    }
    /** Goes on until the sensor has ended, so that the signal always comes under load. */
    const load = async (sensor: SensorProcess) => {
      for (let n = 0; !sensor.isOver; n++) {
        announce()
        if (n % 8 === 0) await pause(8)
      }
    }

    const longest: Record<string, number> = {}
    for (let round = 0; round < rounds; round++) {
      way = pick(Object.keys(ways))
      const twice = random() < 0.4
      const sensor = await lab.run(args)
      const busy = load(sensor)
      const enough = made + perRound * (0.3 + 0.7 * random())
      while (made < enough) await pause(10)
      const asked = performance.now()
      sensor.process.kill('SIGTERM')
      if (twice) {
        await pause(20 + random() * 300)
        sensor.process.kill('SIGTERM')
      }
      const status = await sensor.ended()
      const took = performance.now() - asked
      const kind = `${way}${twice ? ', told twice' : ''}`
      longest[kind] = Math.max(longest[kind] ?? 0, Math.round(took))
      await busy
      expect([way, twice, status, sensor.stderr.includes('internal')]).toEqual([
        way,
        twice,
        0,
        false,
      ])
      expect(took).toBeLessThan(deadlineMs + grace)
    }

    way = 'takes'
    for (let tries = 0; tries < 10 && (await pending(lab.path('s'))) !== 0; tries++) {
      const again = await lab.run(args)
      await pause(2000)
      expect(await again.end()).toBe(0)
    }
    const accounts = await accountsOf(lab.path('s'))
    const [accepted = 0] = accounts.map(one => one.accepted)
    expect(accounts.map(({ sink }) => sink).sort()).toEqual(['file', 'web'])
    for (const one of accounts) {
      expect(one).toMatchObject({ accepted, delivered: accepted, pending: 0, dead: 0, dropped: 0 })
    }
    expect(accepted).toBeGreaterThan(rounds * perRound * 0.2)
    const written: string[] = []
    idsOf(/"id":"([\w-]+)"/, id => written.push(id))(readFileSync(file, 'utf8'))
    const [web, log] = [new Set(received), new Set(written)]
    expect([web.size, log.size]).toEqual([accepted, accepted])
    expect([...web].filter(id => !log.has(id))).toEqual([])
    process.stdout.write(
      `  ${made} devices, ${accepted} alerts, twice: web ${received.length - accepted}, file ${written.length - accepted}; longest end in ms ${JSON.stringify(longest)}\n`,
    )
  },
  120_000 + rounds * 60_000,
)

interface Account {
  readonly sink: string
  readonly accepted: number
  readonly delivered: number
  readonly pending: number
  readonly dead: number
  readonly dropped: number
}

async function accountsOf(state: string): Promise<readonly Account[]> {
  const { stdout } = await orthrus(['outbox', 'status', '--state', state, '-o', 'json'])
  return (JSON.parse(stdout) as { sinks: Account[] }).sinks
}

async function pending(state: string): Promise<number> {
  return (await accountsOf(state)).reduce((sum, one) => sum + one.pending, 0)
}
