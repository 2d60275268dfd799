import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Alert } from '../../src/sinks/sink.ts'
import { alert, hostile } from './alert.ts'
import { authority, bothSides } from './support/certificates.ts'
import { openSink } from './support/open.ts'
import { freePort, until } from './support/process.ts'
import { receivers, type SyslogReceiver } from './support/syslog-receivers.ts'

/** An alert with hostile text wherever the header or the structured data take it from. */
function attack(sequence: number, text: string): Alert {
  const { document, ...rest } = alert(sequence, text)
  const full = {
    ...document,
    rule: { name: `rule ${text}`, category: text },
    observer: { hostname: 'sensor-1', name: 'sensor-1' },
  }
  return { ...rest, document: full, json: JSON.stringify(full) }
}

const texts = [
  ...hostile,
  ']"\\',
  '<13>1 2026-01-01T00:00:00Z evil - - - - injected',
  'ü ☃ 𝒳',
  '%n$t${',
]
const open = (port: number, more: object = {}) =>
  openSink('syslog', { host: '127.0.0.1', port, transport: 'tcp', ...more })

const got = (receiver: SyslogReceiver, count: number) =>
  until(
    () => receiver.messages().length >= count,
    () => `${receiver.messages().length} of ${count}`,
  )

const idsOf = (receiver: SyslogReceiver) =>
  receiver.messages().map(one => (JSON.parse(one.msg.trim()) as { event: { id: string } }).event.id)

const { ca, server, client } = bothSides()

describe.each(receivers)('syslog to $name', ({ name, start }) => {
  test.each(['tcp', 'udp'] as const)(
    'hostile text comes as one message each, its fields as they were: %s',
    async transport => {
      const receiver = await start({ transport })
      const sink = await open(receiver.port, { transport })
      const batch = texts.map((text, n) => attack(n, text))
      await sink.send(batch)
      await got(receiver, batch.length)
      const messages = receiver.messages()
      expect(messages.length).toBe(batch.length)
      const found = messages.map(one => JSON.parse(one.msg.trim()) as unknown)
      expect(found).toEqual(
        expect.arrayContaining(batch.map(one => JSON.parse(one.json) as unknown)),
      )
      for (const one of messages) {
        expect(one).toMatchObject({ pri: '131', host: 'sensor-1', app: 'orthrus' })
        expect(one.time).toMatch(/^2026-11-22T\d\d:21:03/)
        expect(one.msgid).toMatch(/^[!-~]{1,32}$/)
        const { event, rule } = JSON.parse(one.msg.trim()) as {
          event: { id: string }
          rule: { name: string }
        }
        expect(one.id).toBe(event.id)
        if (/^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(rule.name) && !/[\\\]"]/.test(rule.name))
          expect(one.rule).toBe(rule.name)
      }
    },
  )

  test.each([
    ['tls', false],
    ['mutual tls', true],
  ])('over %s', async (_, mutual) => {
    const receiver = await start({ transport: 'tls', tls: { ...server, ca: ca.cert, mutual } })
    const tls = { ca: ca.cert, ...(mutual ? client : {}) }
    const sink = await open(receiver.port, { transport: 'tls', tls })
    await sink.check?.()
    await sink.send(texts.map((text, n) => attack(n, text)))
    await got(receiver, texts.length)
    expect(new Set(idsOf(receiver))).toEqual(new Set(texts.map((_, n) => `id-${n}`)))
    expect(sink.status?.().delivery).toBe('confirmed')
  })

  test('over TLS to another name, or with another authority, nothing is sent', async () => {
    const wrong = ca.issue('wrong', 'DNS:elsewhere.example')
    const receiver = await start({
      transport: 'tls',
      tls: { ...wrong, ca: ca.cert, mutual: false },
    })
    for (const tls of [
      { ca: ca.cert },
      { ca: authority('another').cert, servername: 'elsewhere.example' },
    ]) {
      const sink = await open(receiver.port, { transport: 'tls', tls })
      await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault: 'configuration' })
    }
    const sink = await open(receiver.port, {
      transport: 'tls',
      tls: { ca: ca.cert, servername: 'elsewhere.example' },
    })
    await sink.send([alert(2)])
    await got(receiver, 1)
    expect(idsOf(receiver)).toEqual(['id-2'])
  })

  test('a document of 60 KiB comes whole where it may, and shorter where it must', async () => {
    const receiver = await start({ transport: 'tcp', maxSize: 131_072 })
    const { document, ...rest } = alert(1)
    const full = { ...document, related: { hosts: Array(4000).fill('host.example') } }
    const large = { ...rest, document: full, json: JSON.stringify(full) }
    await (await open(receiver.port, { max_size: 100_000 })).send([large])
    await (await open(receiver.port)).send([{ ...large, sequence: 2 }])
    await got(receiver, 2)
    const [whole, short] = receiver.messages()
    expect(JSON.parse(whole?.msg.trim() ?? '')).toEqual(full)
    expect(JSON.parse(short?.msg.trim() ?? '')).toMatchObject({ labels: { truncated: 'true' } })
    expect(short?.msg.length).toBeLessThan(8192)
  })

  test.skipIf(name !== 'rsyslog')('in the form of RFC 3164', async () => {
    const receiver = await start({ transport: 'tcp' })
    const sink = await open(receiver.port, { standard: 'rfc3164', content: 'text' })
    await sink.send(texts.map((text, n) => attack(n, text)))
    await got(receiver, texts.length)
    const messages = receiver.messages()
    expect(messages.length).toBe(texts.length)
    for (const one of messages)
      expect(one).toMatchObject({ pri: '131', host: 'sensor-1', app: 'orthrus' })
    expect(messages.map(one => one.msg.trim())).toContain('ü ☃ 𝒳')
  })
})

describe('syslog', () => {
  async function listen(onSocket: (socket: Socket) => void) {
    const sockets: Socket[] = []
    const tcp = createServer({ allowHalfOpen: true }, socket => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      onSocket(socket)
    })
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      tcp.close()
    })
    return (tcp.address() as { port: number }).port
  }

  test('counts the octets of each message, not its characters', async () => {
    let bytes = Buffer.alloc(0)
    const port = await listen(socket => {
      socket.on('data', (data: Buffer) => {
        bytes = Buffer.concat([bytes, data])
      })
      socket.on('end', () => socket.end())
    })
    const sink = await open(port)
    await sink.send([attack(1, 'ü☃'), attack(2, 'a\nb')])
    await sink.close()
    const messages: string[] = []
    while (bytes.length > 0) {
      const space = bytes.indexOf(0x20)
      const end = space + 1 + Number(bytes.subarray(0, space).toString())
      messages.push(bytes.subarray(space + 1, end).toString())
      bytes = bytes.subarray(end)
    }
    expect(messages.length).toBe(2)
    expect(messages[0]).toMatch(
      /^<131>1 2026-11-22T08:21:03\.123456Z sensor-1 orthrus - __ \[alert@32473 id="id-1" seq="1" sev="high" rule="rule ü☃"\] \{/,
    )
    expect(messages.join('')).not.toMatch(/\n/)
  })

  test('ends in order only when the far side does, and twice at no harm', async () => {
    const polite = await open(await listen(socket => socket.resume().on('end', () => socket.end())))
    await polite.send([alert(1)])
    await polite.close()
    await polite.close()
    const deaf = await open(await listen(() => undefined))
    await deaf.send([alert(1)])
    await expect(deaf.close()).rejects.toMatchObject({ fault: 'transient' })
    await deaf.close()
    await expect(deaf.send([alert(2)])).rejects.toMatchObject({ fault: 'transient' })
  })

  test('tells when the connection ends while nothing is sent, and connects anew', async () => {
    const sockets: Socket[] = []
    const port = await listen(socket => {
      sockets.push(socket.resume().on('end', () => socket.end()))
    })
    const sink = await open(port, { confirm_within: 0 })
    let lost = 0
    sink.unconfirmed?.onLost(() => lost++)
    await sink.send([alert(1)])
    await until(
      () => sockets.length === 1,
      () => 'no connection',
    )
    sockets[0]?.end()
    await until(
      () => lost === 1,
      () => 'the end is not seen',
    )
    await sink.send([alert(2)])
    await until(
      () => sockets.length === 2,
      () => 'no second connection',
    )
    expect(lost).toBe(1)
  })

  test('takes nobody listening as transient', async () => {
    const sink = await open(await freePort())
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      fault: 'transient',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    const udp = createSocket('udp4').bind(0, '127.0.0.1')
    await once(udp, 'listening')
    const { port } = udp.address()
    udp.close()
    const datagrams = await open(port, { transport: 'udp' })
    await expect(datagrams.send([alert(1)])).rejects.toMatchObject({
      fault: 'transient',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(datagrams.status?.().delivery).toBe('best-effort')
  })

  test('says so in few words when the far side does not speak TLS', async () => {
    const port = await listen(socket => void socket.end('220 mail.example ESMTP\r\n'))
    const sink = await openSink('syslog', { host: '127.0.0.1', port })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      fault: 'configuration',
      message: expect.stringMatching(
        /: TLS: wrong version number, the far side does not speak it$/,
      ),
    })
  })

  test('a port that refuses is noticed by a process that is busy', async () => {
    const udp = createSocket('udp4')
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    const { port } = udp.address()
    udp.close()
    const sink = await open(port, { transport: 'udp' })
    let isBusy = true
    // Each turn of the event loop takes longer than a refusal may.
    const work = () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15)
      if (isBusy) setImmediate(work)
    }
    work()
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault: 'transient' })
    isBusy = false
  })

  test('a size that no datagram can have is refused at once', async () => {
    await expect(open(514, { transport: 'udp', max_size: 65_508 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('65507'),
    })
    await open(514, { transport: 'udp', max_size: 65_507 })
  })

  test('refuses for good what does not fit, and sends the rest', async () => {
    const port = await listen(socket => socket.resume().on('end', () => socket.end()))
    const sink = await open(port, { max_size: 480 })
    const { document, ...rest } = alert(1)
    const full = { ...document, labels: { level: 'high', note: 'x'.repeat(500) } }
    const huge = { ...rest, document: full, json: JSON.stringify(full) }
    const good = alert(2)
    await expect(sink.send([huge, good])).rejects.toMatchObject({
      fault: 'permanent',
      rejected: [huge],
      delivered: [good],
    })
  })
})
