import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, startProgram, until } from '../sinks/support/process.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { rounds } from './rounds.ts'

const child = fileURLToPath(new URL('outage.mjs', import.meta.url))
const dist = fileURLToPath(new URL('../../dist', import.meta.url))
/** From 20 rounds on that of ten minutes at 500 a second. */
const count = rounds < 20 ? 12_000 + 3000 * rounds : 15_000 * rounds
const mostMegabytes = 20
/** As bin/orthrus starts: what the allocator keeps for each thread is none of an outage's. */
const flags = ['--max-semi-space-size=8', '--expose-gc']
const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' }

interface Said {
  /** MB of RssAnon, after a collection, at most. */
  readonly grown: number
  readonly seconds?: number
  readonly account?: { accepted: number; delivered: number; dead: number; dropped: number }
}

async function listen(port: number, onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const end = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  onTestFinished(end)
  return { end }
}

/** Answers every request with 200 and keeps its `webhook-id`; no more HTTP than that needs. */
function taking(ids: string[]) {
  return (socket: Socket) => {
    let text = ''
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
        if (end < 0 || text.length < end + 4 + length) return
        ids.push(/webhook-id: (\S+)/i.exec(text.slice(0, end))?.[1] ?? '')
        text = text.slice(end + 4 + length)
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      }
    })
  }
}

function linesOf(text: string): Said[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map(line => JSON.parse(line) as Said)
}

const away: Readonly<Record<string, ((socket: Socket) => void) | undefined>> = {
  refuses: undefined,
  'takes everything and says nothing': socket => socket.resume(),
  resets: socket => socket.once('data', () => socket.resetAndDestroy()),
}

test.each(Object.entries(away))(
  `T7: a far side that %s while ${count} alerts come costs no memory and no alert`,
  async (_, onSocket) => {
    const port = await freePort()
    const silent = onSocket && (await listen(port, onSocket))
    const url = `http://127.0.0.1:${port}/hook`
    const state = join(temporaryDirectory(), 'state')
    const args = [...flags, child, state, dist, url, String(count)]
    const program = startProgram(process.execPath, args, allocator)
    const said = (): Said[] => linesOf(program.said())
    await until(() => said().length === 1, program.said, 900_000)
    const [outage] = said()
    expect(outage?.grown).toBeLessThan(mostMegabytes)
    silent?.end()
    const ids: string[] = []
    await listen(port, taking(ids))
    program.stdin?.write('go\n')
    // How long it takes is the machine's; that it goes on is not.
    let [taken, since] = [-1, 0]
    const isStuck = () => {
      if (ids.length > taken) [taken, since] = [ids.length, performance.now()]
      return performance.now() - since > 60_000
    }
    await until(() => said().length === 2 || isStuck(), program.said, 3_000_000)
    const [, back] = said()
    const rate = Math.round(count / (back?.seconds ?? 1))
    process.stdout.write(`  + ${outage?.grown.toFixed(1)} MB, caught up with ${rate} alerts/s\n`)
    expect(back?.account).toMatchObject({ accepted: count, delivered: count, dead: 0, dropped: 0 })
    expect(new Set(ids).size).toBe(count)
    // In the order of each conversation, for none of them is tried before its turn.
    const last = new Map<number, number>()
    const late = [...new Set(ids)].filter(id => {
      const n = Number(id.slice(1))
      const before = last.get(n % 500) ?? -1
      last.set(n % 500, n)
      return n < before
    })
    expect(late).toEqual([])
  },
  4_000_000,
)
