import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ProtocolEvent } from '../../src/protocols/protocol.ts'
import * as p from '../generate/packets.ts'
import {
  atRandom,
  type Delivery,
  deliveryFrames,
  inTwo,
  newEnds,
  type Subject,
  subjects,
} from '../kernel/support/delivery.ts'
import { hostProbe, type Probe } from '../kernel/support/probe.ts'
import { documentsOf, eventsOf } from './chain.ts'
import { crypto, initial } from './quic-build.ts'

// From frames through the library, reassembly and decoders to the document that leaves.

let probe: Probe
beforeAll(() => {
  probe = hostProbe({ flows: 1 << 14 })
})
afterAll(() => probe[Symbol.dispose]())

/** What is said while the packets come, and at the end of the capture. */
function say(frames: readonly Uint8Array[]): { now: string[]; late: string[] } {
  const { events, last } = eventsOf(probe, frames)
  return { now: documentsOf(events), late: documentsOf(last) }
}

function deliver(subject: Subject, delivery: Delivery): { now: string[]; late: string[] } {
  return say(deliveryFrames(subject, delivery, probe.longest))
}

describe.each(subjects)('$name', subject => {
  const LONG = 2500
  let whole = ''
  let kind = ''

  beforeAll(() => {
    const frames = deliveryFrames(
      subject,
      { segments: [{ offset: 0, bytes: subject.bytes }] },
      65_535,
    )
    const { events, last } = eventsOf(probe, frames)
    expect(events.length).toBe(1)
    expect(last).toEqual([])
    kind = events[0]?.kind ?? ''
    whole = documentsOf(events)[0] ?? ''
  })

  /** How what is said differs from what is said of the message in one piece. */
  function fault(delivery: Delivery): string | undefined {
    const { now, late } = deliver(subject, delivery)
    const only = now.length === 1 && late.length === 0
    if (only && now[0] === whole) return undefined
    return JSON.stringify([now, late])
  }

  /** Where names are expected, text does not go before. */
  function fits({ before }: Delivery): boolean {
    return kind !== 'dns' || before === undefined
  }

  test('is the same event when cut in two anywhere', { timeout: 60_000 }, () => {
    const faults: string[] = []
    const step = subject.bytes.length > LONG ? 41 : 1
    for (let cut = 1; cut < subject.bytes.length; cut += cut < 64 ? 1 : step) {
      for (const [name, delivery] of Object.entries(inTwo(subject.bytes, cut))) {
        const found = fits(delivery) ? fault(delivery) : undefined
        if (found !== undefined) faults.push(`${name}, cut at ${cut}: ${found}`)
      }
    }
    expect(summary(faults)).toEqual([])
  })

  test('is the same event in 3 to 12 segments at random', () => {
    const faults: string[] = []
    for (let seed = 1; seed <= 500; seed++) {
      const delivery = atRandom(subject.bytes, seed)
      const found = fits(delivery) ? fault(delivery) : undefined
      if (found !== undefined) faults.push(`seed ${seed}: ${found}`)
    }
    expect(summary(faults)).toEqual([])
  })
})

function summary(list: readonly string[]): string[] {
  return list.length > 3 ? [...list.slice(0, 3), `and ${list.length - 3} more`] : [...list]
}

/** The events of a conversation of turns, in order; all told before it ends. */
function talk(port: number, turns: readonly p.Turn[]): ProtocolEvent[] {
  const { client, server } = newEnds(port)
  const { events, last } = eventsOf(probe, p.tcpConversation({ client, server }, turns))
  expect(last).toEqual([])
  return events
}

const client = (bytes: Uint8Array, size = 1400): p.Turn => ({
  from: 'client',
  bytes,
  segments: p.segmentEvery(bytes, size),
})
const server = (bytes: Uint8Array, size = 1400): p.Turn => ({
  ...client(bytes, size),
  from: 'server',
})

function requests(events: readonly ProtocolEvent[]): string[] {
  return events.flatMap(event =>
    event.kind === 'http'
      ? [`${event.request?.method} ${event.request?.target} ${event.response?.status ?? ''}`.trim()]
      : [],
  )
}

describe('HTTP', () => {
  const get = (target: string) => p.httpRequest({ target })
  const answer = (status: number, body = '') => p.httpResponse({ status }, body)

  test('requests of a keep-alive connection meet their responses', () => {
    const turns = Array.from({ length: 9 }, (_, i) => [
      client(get(`/${i}`)),
      server(answer(400 + i, 'x'.repeat(100 * i))),
    ]).flat()
    const said = requests(talk(80, turns))
    expect(said).toEqual(
      Array.from({ length: 9 }, (_, i) => [`GET /${i}`, `GET /${i} ${400 + i}`]).flat(),
    )
  })

  test.each([7, 40, 100, 1400])('pipelined requests in segments of %i bytes', size => {
    const targets = ['/a', '/b', '/c', '/d', '/e']
    const asked = p.concat(...targets.map(get)).subarray(0, 38 * size)
    const told = p.concat(...targets.map((_, i) => answer(200 + i))).subarray(0, 38 * size)
    const whole = targets.filter((_, i) => (i + 1) * get('/a').length <= asked.length)
    const said = requests(talk(80, [client(asked, size), server(told, size)]))
    expect(said.slice(0, whole.length)).toEqual(whole.map(target => `GET ${target}`))
    for (const [i, target] of whole.entries()) expect(said).toContain(`GET ${target} ${200 + i}`)
  })

  test('TLS behind CONNECT is told after it', () => {
    const connect = p.httpRequest({
      method: 'CONNECT',
      target: 'example.com:443',
      host: 'example.com:443',
    })
    const hello = p.tlsRecords(p.postQuantumHello('inside.example'))
    const flight = p.serverFlight()
    const events = talk(3128, [client(connect), server(answer(200)), client(hello), server(flight)])
    expect(events.map(event => event.kind)).toEqual(['http', 'http', 'tls', 'tls'])
    expect(names(events)).toEqual(['inside.example', 'inside.example'])
  })
})

function outcomes(events: readonly ProtocolEvent[]): unknown[] {
  return documentsOf(events).map(text => (JSON.parse(text) as Json).tls?.established)
}

interface Json {
  readonly tls?: { readonly established?: boolean }
}

function names(events: readonly ProtocolEvent[]): (string | undefined)[] {
  return events.flatMap(event => (event.kind === 'tls' ? [event.client?.hello?.serverName] : []))
}

describe('TLS', () => {
  test.each([
    ['SMTP', 25, ['EHLO me\r\n', 'STARTTLS\r\n'], ['220 hi\r\n', '250 STARTTLS\r\n', '220 go\r\n']],
    ['IMAP', 143, ['a1 STARTTLS\r\n'], ['* OK\r\n', 'a1 OK begin\r\n']],
    ['FTP', 21, ['AUTH TLS\r\n'], ['220 hi\r\n', '234 go\r\n']],
    ['POP3', 110, ['STLS\r\n'], ['+OK\r\n', '+OK begin\r\n']],
  ])('behind STARTTLS of %s', (_, port, said, heard) => {
    const before = heard.flatMap((line, i) => [
      server(p.raw(line)),
      ...(said[i] === undefined ? [] : [client(p.raw(said[i] ?? ''))]),
    ])
    const hello = p.tlsRecords(p.bigHello('mail.example'))
    const events = talk(port, [...before, client(hello, 1200), server(p.serverFlight(), 1000)])
    expect(events).toMatchObject([{ action: 'tls-client-hello' }, { action: 'tls-server-hello' }])
    expect(names(events)).toEqual(['mail.example', 'mail.example'])
  })

  test('the hello of the server is told with that of the client', () => {
    const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com', alpn: ['h2'] }))
    const [first, second] = talk(8443, [client(hello, 100), server(p.serverFlight(), 333)])
    expect(first).toMatchObject({ kind: 'tls', client: { complete: true }, server: undefined })
    expect(second).toMatchObject({ client: { complete: true }, server: { complete: true } })
    const [document] = documentsOf(second === undefined ? [] : [second])
    expect(document).toContain('CN=www.example.com')
  })

  const alert = p.tlsRecords(Uint8Array.of(2, 40), { type: 21 })

  test.each([
    ['when the server changes its cipher', p.finished(), true],
    ['not when it refuses what the client answered', alert, false],
  ])('up to 1.2 is established %s', (_, rest, established) => {
    const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com' }))
    const turns = [client(hello), server(p.serverFlight()), client(p.finished())]
    const { client: near, server: far } = newEnds(443)
    const conversation = { client: near, server: far, teardown: 'none' } as const
    const before = eventsOf(probe, p.tcpConversation(conversation, turns))
    expect(before.events).toMatchObject([{ action: 'tls-client-hello' }])
    // The client changing its cipher alone says nothing of what the server thinks of it.
    expect(outcomes(before.last)).toEqual([undefined])
    expect(outcomes(talk(443, [...turns, server(rest)]))).toEqual([undefined, established])
  })

  test('what is missing at the end leaves what there is, marked as cut', () => {
    const { client: near, server: far } = newEnds(443)
    const hello = p.tlsRecords(p.bigHello('half.example'))
    const frames = p.tcpConversation({ client: near, server: far, teardown: 'none' }, [
      { from: 'client', bytes: hello, segments: p.segmentEvery(hello, 1400).slice(0, 7) },
    ])
    const { events, last } = eventsOf(probe, frames)
    expect(events).toEqual([])
    expect(last).toMatchObject([{ kind: 'tls', client: { complete: false } }])
  })
})

test('a query of several questions is an event for each of them, an answer is one', () => {
  const names = ['_airplay._tcp.local', 'printer.local', '_ipp._tcp.local']
  const questions = names.map(name => ({ name }))
  const near = { ip: '10.20.30.41', port: 5353 }
  const send = (bytes: Uint8Array) => {
    const far = { ip: '224.0.0.251', port: 5353 }
    const layer = p.udp({ srcPort: near.port, dstPort: far.port }, bytes)
    return eventsOf(probe, [p.ethernet({}, p.between(near, far, layer))]).events
  }
  const told = documentsOf(send(p.dns({ questions }))).map(
    text => JSON.parse(text).dns.question.name,
  )
  expect(told).toEqual(names)
  const answers = names.map(name => ({ name, data: '10.20.30.41' }))
  expect(send(p.dns({ response: true, questions, answers }))).toHaveLength(1)
})

describe('DNS over TCP', () => {
  const query = (i: number) => p.overTcp(p.dnsQuery(`n${i}.example`, 'A', 1000 + i))
  const reply = (i: number) =>
    p.overTcp(
      p.dnsAnswer(`n${i}.example`, [{ name: `n${i}.example`, data: `192.0.2.${i}` }], {
        id: 1000 + i,
      }),
    )
  const all = Array.from({ length: 10 }, (_, i) => i + 1)

  test.each([5, 20, 64, 1400])('many queries and answers in segments of %i bytes', size => {
    const asked = p.concat(...all.map(query)).subarray(0, size * 30)
    const told = p.concat(...all.map(reply)).subarray(0, size * 30)
    const events = talk(53, [client(asked, size), server(told, size)])
    const said = events.flatMap(event => (event.kind === 'dns' ? [event.message] : []))
    const whole = (part: (i: number) => Uint8Array, total: number) =>
      all.filter(i => p.concat(...all.slice(0, i).map(part)).length <= total)
    const names = (response: boolean) =>
      said.filter(m => m.isResponse === response && !m.cut).map(m => m.questions[0]?.name)
    expect(names(false)).toEqual(whole(query, asked.length).map(i => `n${i}.example`))
    expect(names(true)).toEqual(whole(reply, told.length).map(i => `n${i}.example`))
  })
})

test('SSH: both sides with banner and key exchange in segments of their own', () => {
  const events = talk(22, [
    server(p.sshBanner('OpenSSH_9.2')),
    client(p.sshBanner('OpenSSH_9.6')),
    client(p.sshKexInit(), 300),
    server(p.sshKexInit(), 150),
  ])
  expect(events).toMatchObject([
    { action: 'ssh-client', client: { software: 'OpenSSH_9.6', kexInit: {} } },
    {
      action: 'ssh-server',
      server: { software: 'OpenSSH_9.2', kexInit: {} },
      client: { kexInit: {} },
    },
  ])
})

describe('QUIC', () => {
  const hello = p.postQuantumHello('quic.example', { versions: [0x0304] })
  const PART = 350

  /** The hello in frames over Initial packets of datagrams, each in a frame. */
  function frames(order: (parts: p.Segment[]) => p.Segment[]): Uint8Array[] {
    const { client: near, server: far } = newEnds(443)
    return order(p.segmentEvery(hello, PART)).map(({ offset, bytes }) => {
      const packet = initial({
        frames: crypto(offset, bytes),
        number: Math.floor(offset / PART),
        pad: 1150,
      })
      const datagram = p.udp({ srcPort: near.port, dstPort: far.port }, packet)
      return p.ethernet({}, p.between(near, far, datagram))
    })
  }

  test.each([
    ['reversed', (parts: p.Segment[]) => p.reorder(parts)],
    ['each twice', (parts: p.Segment[]) => p.duplicate(parts)],
    ['overlapping', (parts: p.Segment[]) => p.overlap(hello, parts, 40)],
    ...Array.from(
      { length: 20 },
      (_, seed) =>
        [`shuffled ${seed}`, (parts: p.Segment[]) => p.reorder(parts, seed + 1)] as const,
    ),
  ] as const)('a hello over several datagrams, %s, is the same event', (_, order) => {
    const { now } = say(frames(parts => parts))
    expect(now.length).toBe(1)
    expect(now[0]).toContain('quic.example')
    expect(say(frames(order))).toEqual({ now, late: [] })
  })
})
