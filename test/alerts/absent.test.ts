import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { eventDocument } from '../../src/alerts/ecs.ts'
import { type MessageEvent } from '../../src/decode/message.ts'
import { l7 } from '../../src/decode/record.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { piece } from '../decode/messages.ts'
import { conversationFrames, datagramFrames } from '../generate/examples.ts'
import * as p from '../generate/packets.ts'
import { hostProbe, isMessage } from '../kernel/support/probe.ts'
import { effort, patience } from '../protocols/effort.ts'

// EVENTS.md: absent data is an absent field, never null or ''.

const context: EventContext = { interfaceName: () => undefined, direction: () => undefined }

/** What a document must not say: where it does, and what. */
function faults(value: unknown, path = ''): string[] {
  if (value === undefined) return []
  if (value === null || value === '' || Number.isNaN(value))
    return [`${path} is ${JSON.stringify(value)}`]
  if (typeof value !== 'object') return []
  if (Array.isArray(value) && value.length === 0) return [`${path} is []`]
  const parts = Object.entries(value)
  return parts.flatMap(([name, part]) => faults(part, path === '' ? name : `${path}.${name}`))
}

interface Template {
  readonly l7: number
  readonly protocol: number
  readonly ports: readonly [number, number]
  readonly fromResponder: boolean
  readonly bytes: Uint8Array
}

const http = (text: string): Template => ({
  l7: l7.L7_HTTP,
  protocol: 6,
  ports: [40_000, 80],
  fromResponder: text.startsWith('HTTP/'),
  bytes: p.raw(text),
})
const ssh = (text: string): Template => ({ ...http(text), l7: l7.L7_SSH, ports: [40_000, 22] })

/** Messages that say nothing where they could say something. */
const empty: readonly Template[] = [
  http('GET / HTTP/1.1\r\nHost:\r\nUser-Agent: \r\nReferer:\r\nContent-Type:\r\n: x\r\n\r\n'),
  http('GET http:// HTTP/1.1\r\nHost: :80\r\n\r\n'),
  http('GET ? HTTP/1.1\r\nHost: a\r\n\r\n'),
  http('GET /?# HTTP/1.1\r\nHost: a\r\n\r\n'),
  http('CONNECT : HTTP/1.1\r\n\r\n'),
  http('HTTP/1.1 200\r\nContent-Type:;\r\n\r\n'),
  ssh('SSH-2.0-\r\n'),
  ssh('SSH-2.0- \r\n'),
]

/** One of each message that the program finds in the examples. */
function examples(): Template[] {
  using probe = hostProbe({ flows: 1 << 12 })
  const frames = [...Object.values(datagramFrames()), ...Object.values(conversationFrames()).flat()]
  for (const frame of frames) probe.feed(frame)
  return probe
    .events()
    .filter(isMessage)
    .filter(message => message.l7 !== l7.L7_UNKNOWN && message.seq === message.start)
    .map(({ l7, packet, bytes }) => ({
      l7,
      protocol: packet.protocol,
      ports: [packet.sourcePort, packet.destinationPort],
      fromResponder: packet.fromResponder,
      bytes,
    }))
}

const templates = [...empty, ...examples()]

function message({ l7, protocol, ports, fromResponder, bytes }: Template): MessageEvent {
  const [sourcePort, destinationPort] = fromResponder ? [ports[1], ports[0]] : ports
  const ends = { sourcePort, destinationPort, protocol, fromResponder }
  return piece({ seq: 0, start: 0, l7, bytes, ...ends })
}

/** What the documents of these messages must not say. */
function said(...messages: readonly Template[]): string[] {
  const found: string[] = []
  const protocols = new Protocols(event => {
    for (const fault of faults(eventDocument(event, context))) found.push(`${event.kind}: ${fault}`)
  })
  for (const each of messages) protocols.take(message(each))
  protocols.close()
  return found
}

/** A template with bytes changed, lengths made zero, runs left out, cut. */
const mutated = fc
  .record({
    template: fc.constantFrom(...templates),
    changes: fc.array(fc.tuple(fc.nat(1500), fc.constantFrom(0, 0, 0, 1, 2, 13, 32, 255)), {
      maxLength: 6,
    }),
    gone: fc.option(fc.tuple(fc.nat(400), fc.nat(40))),
    cut: fc.option(fc.nat(1500)),
  })
  .map(({ template, changes, gone, cut }) => {
    const bytes = Buffer.from(template.bytes)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    const [from, size] = gone ?? [0, 0]
    const start = from % bytes.length
    const left = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + size)])
    return { ...template, bytes: left.subarray(0, cut ?? left.length) }
  })

test('there is something of every protocol to begin with', () => {
  expect(new Set(templates.map(one => one.l7)).size).toBeGreaterThanOrEqual(10)
})

test('a message that leaves a field empty has no such field', () => {
  expect(templates.flatMap(one => said(one))).toEqual([])
})

test('fuzz: no document has an empty text, list or number that is none', {
  timeout: patience,
}, () => {
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 2 }), messages => {
      expect(said(...messages)).toEqual([])
    }),
    effort(3000),
  )
})
