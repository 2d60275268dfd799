import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { Lab } from '../live/support/lab.ts'
import { accept, imbalance, names, open as openOutbox } from '../outbox/harness.ts'
import { openTemporary } from '../storage/open.ts'
import { alert } from './alert.ts'
import { bothSides } from './support/certificates.ts'
import { openSink } from './support/open.ts'
import { until } from './support/process.ts'
import { receivers } from './support/syslog-receivers.ts'

const { ca, server } = bothSides()

/** A sink over TCP, and how often it told what. */
async function observed(port: number, more: object = {}) {
  const sink = await openSink('syslog', {
    host: '127.0.0.1',
    port,
    transport: 'tcp',
    confirm_within: '1ms',
    ...more,
  })
  const told = { confirmed: 0, lost: 0 }
  sink.unconfirmed?.onConfirmed?.(() => told.confirmed++)
  sink.unconfirmed?.onLost(() => told.lost++)
  const both = () => JSON.stringify(told)
  return { sink, told, both }
}

/** A receiver of the test's own; `onSocket` gets each connection with its number. */
async function listen(onSocket: (socket: Socket, n: number) => void, host = '127.0.0.1') {
  const sockets: Socket[] = []
  const tcp = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => {
    socket.on('error', () => undefined)
    sockets.push(socket)
    onSocket(socket, sockets.length)
  })
  tcp.listen(0, host)
  if (!tcp.listening) await once(tcp, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    tcp.close()
  })
  return { port: (tcp.address() as { port: number }).port, sockets }
}

const polite = (socket: Socket) => void socket.resume().on('end', () => socket.end())

describe.each(receivers)('$name', ({ start }) => {
  test.each(['tls', 'tcp'] as const)('confirms what it has read, over %s', async transport => {
    const secure = { ...server, ca: ca.cert, mutual: false }
    const receiver = await start({ transport, ...(transport === 'tls' ? { tls: secure } : {}) })
    const { sink, told, both } = await observed(receiver.port, { transport, tls: { ca: ca.cert } })
    for (let n = 1; n <= 5; n++) {
      await sink.send([alert(2 * n), alert(2 * n + 1)])
      await until(() => told.confirmed === n, both)
    }
    expect(told.lost).toBe(0)
    expect(sink.status?.().delivery).toBe('confirmed')
    await until(
      () => receiver.messages().length >= 10,
      () => `${receiver.messages().length} of 10`,
    )
    expect(receiver.messages().map(one => one.id)).toEqual(
      Array.from({ length: 10 }, (_, n) => `id-${n + 2}`),
    )
  })
})

describe('a confirmation', () => {
  test('is one connection for all that was written meanwhile, and the next is there at once', async () => {
    const { port, sockets } = await listen(polite)
    const { sink, told, both } = await observed(port, { confirm_within: '200ms' })
    for (let n = 1; n <= 20; n++) await sink.send([alert(n)])
    await until(() => told.confirmed === 1, both)
    expect([sockets.length, told.lost]).toEqual([2, 0])
  })

  test('is never asked for with `confirm_within: 0`', async () => {
    const { port, sockets } = await listen(polite)
    const { sink, told } = await observed(port, { confirm_within: 0 })
    for (let n = 1; n <= 20; n++) await sink.send([alert(n)])
    await new Promise(done => setTimeout(done, 200))
    expect([sockets.length, told.confirmed, told.lost]).toEqual([1, 0, 0])
    expect(sink.status?.().delivery).toBe('replayed')
  })

  test('is none when the receiver ends with something unread', async () => {
    const { port } = await listen((socket, n) => {
      if (n > 1) polite(socket)
      else setTimeout(() => socket.destroy(), 300)
    })
    const { sink, told, both } = await observed(port)
    await sink.send([alert(1)])
    await until(() => told.lost === 1, both)
    expect(told.confirmed).toBe(0)
    await sink.send([alert(1)])
    await until(() => told.confirmed === 1, both)
  })

  test('is given up for a while when nobody answers; what was sent then is sent again', async () => {
    const { port, sockets } = await listen(socket => void socket.resume())
    const { sink, told, both } = await observed(port)
    await sink.send([alert(1)])
    await until(() => told.lost === 1, both)
    expect(sink.status?.().delivery).toBe('replayed')
    for (let n = 1; n <= 20; n++) await sink.send([alert(n)])
    await new Promise(done => setTimeout(done, 200))
    expect([sockets.length, told.confirmed, told.lost]).toEqual([2, 0, 1])
  })

  test('does not count when the next connection breaks at once', async () => {
    const got: string[] = []
    let ends = 0
    const { port, sockets } = await listen(socket => {
      socket.on('data', data => got.push(...(String(data).match(/(?<= id=")a\d+/g) ?? [])))
      socket.resume().on('end', () => {
        socket.end()
        // As one that dies when it has answered.
        if (ends++ < 3) for (const other of sockets) if (other !== socket) other.resetAndDestroy()
      })
    })
    const sink = await openSink('syslog', { host: '127.0.0.1', port, transport: 'tcp' })
    const outbox = await openOutbox(await openTemporary(), { sink })
    await accept(outbox, names(10))
    await until(
      () => got.length >= 40,
      () => `${got.length} of 40`,
    )
    expect(new Set(got)).toEqual(new Set(names(10)))
    await outbox.close(3000)
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 10, pending: 0 })
    expect(imbalance(outbox)).toEqual([])
  })

  test('is not asked for any more after three connections that broke so', async () => {
    let ends = 0
    const { port, sockets } = await listen(socket => {
      socket.resume().on('end', () => {
        socket.end()
        ends++
        setTimeout(() => {
          for (const other of sockets) if (other !== socket) other.resetAndDestroy()
        }, 50)
      })
    })
    const { sink, told, both } = await observed(port)
    // So many that a break counts for a second after the end.
    const batch = Array.from({ length: 10_000 }, (_, n) => alert(n))
    for (let n = 1; n <= 3; n++) {
      expect(sink.status?.().delivery).toBe('confirmed')
      await sink.send(batch)
      await until(() => told.lost === n, both)
    }
    expect(sink.status?.().delivery).toBe('replayed')
    await sink.send([alert(1)])
    await new Promise(done => setTimeout(done, 200))
    expect([ends, told.lost]).toEqual([3, 3])
  })

  test.skipIf(!isRoot)(
    'is none when the receiver ended by itself while the last bytes were on their way',
    async () => {
      await using lab = new Lab()
      const leave = lab.peer.enter()
      const { port, sockets } = await listen(socket => void socket.resume(), '192.0.2.2')
      leave()
      const late = { host: '192.0.2.2', confirm_within: '400ms' }
      const { sink, told, both } = await observed(port, late)
      onTestFinished(lab.home.enter())
      await sink.send([alert(1)])
      await until(() => sockets.length === 2, both)
      // What we send goes astray, and comes late; what the receiver sends comes.
      const neighbour = (mac: string) =>
        lab.home.ip('neigh', 'replace', '192.0.2.2', 'lladdr', mac, 'dev', 'w0')
      neighbour('02:00:5e:00:53:99')
      await sink.send([alert(2)])
      await new Promise(done => setTimeout(done, 800))
      expect([told.confirmed, told.lost]).toEqual([0, 0])
      sockets[0]?.destroy()
      await new Promise(done => setTimeout(done, 50))
      neighbour('02:00:5e:00:53:02')
      await until(() => told.lost === 1, both)
      expect(told.confirmed).toBe(0)
    },
  )
})
