import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { type DocumentedEvent, eventDocument } from '../../src/alerts/ecs.ts'
import { addressOf } from '../../src/rules/evaluate/cidr.ts'
import { fieldsOf, isProduced } from '../../src/rules/mapping/catalogue.ts'
import { type Kind } from '../../src/rules/mapping/kind.ts'
import { eventReaders } from '../../src/rules/slots/event.ts'
import { readPath } from '../../src/rules/slots/object.ts'
import { writeBigCapture } from '../generate/big.ts'
import { conversationFrames, datagramFrames, headerFrames } from '../generate/examples.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { replayed } from './replayed.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-slots-'))
let events: readonly DocumentedEvent[] = []
let context: EventContext

beforeAll(async () => {
  const frames = [
    ...Object.values(headerFrames()),
    ...Object.values(datagramFrames()),
    ...Object.values(conversationFrames()).flat(),
  ]
  const examples = join(folder, 'examples.pcap')
  writeFileSync(examples, pcap(captured(frames)))
  const big = join(folder, 'big.pcap')
  await writeBigCapture(big, { packets: 20_000 })
  const found = await replayed([examples, big])
  events = found.events
  context = found.context
})

afterAll(() => rmSync(folder, { recursive: true }))

function readers() {
  return eventReaders({ ...context, document: event => eventDocument(event, context) })
}

describe('slots of live events', () => {
  test('there are events of the kinds that traffic makes', () => {
    const kinds = new Set(events.map(({ kind }) => kind))
    for (const kind of ['flow', 'dns', 'tls', 'http', 'ssh', 'arp', 'icmp', 'ndp'] as const) {
      expect(kinds).toContain(kind)
    }
  })

  test('every slot reads what the document says', () => {
    const readerOf = readers()
    const wrong = new Set<string>()
    for (const event of events) {
      const document = eventDocument(event, context)
      for (const field of fieldsOf(event.kind)) {
        const read = readerOf(event.kind).slotOf(field)?.(event)
        const written = readPath(document, field)
        if (JSON.stringify(read) !== JSON.stringify(written)) {
          wrong.add(
            `${event.kind} ${field}: ${JSON.stringify(read)} for ${JSON.stringify(written)}`,
          )
        }
      }
    }
    expect([...wrong]).toEqual([])
  })

  test('an address without its text is that of its text', () => {
    const readerOf = readers()
    const words = new Int32Array(6)
    let found = 0
    for (const event of events) {
      for (const field of ['source.ip', 'destination.ip']) {
        const reader = readerOf(event.kind)
        const read = reader.addressOf?.(field)
        if (read === undefined) continue
        const text = reader.slotOf(field)?.(event)
        const address = typeof text === 'string' ? addressOf(text) : undefined
        expect(read(event, words, 1)).toBe(address?.family ?? 0)
        if (address === undefined) continue
        found++
        const { word0, word1, word2, word3 } = address
        const all = address.family === 4 ? [word0] : [word0, word1, word2, word3]
        expect([...words.slice(1, 1 + all.length)]).toEqual(all)
      }
    }
    expect(found).toBeGreaterThan(1000)
  })

  test('the catalogue knows every field of every document', () => {
    const unknown = new Set<string>()
    for (const event of events) {
      for (const field of leaves(eventDocument(event, context))) {
        if (!isProduced(event.kind, field)) unknown.add(`${event.kind} ${field}`)
      }
    }
    expect([...unknown]).toEqual([])
  })

  test('a field that a kind never has, has no slot', () => {
    for (const kind of ['flow', 'dns', 'arp'] satisfies Kind[]) {
      expect(readers()(kind).slotOf('process.name')).toBeUndefined()
    }
  })

  test('keywords search the texts of the document', () => {
    const dns = events.find(({ kind }) => kind === 'dns')
    if (dns === undefined) throw new Error('no DNS')
    expect(readers()('dns').texts(dns)).toContain('orthrus.dns')
  })
})

/** Dotted names of all values; of a list of objects those inside. */
function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const inner = value.filter(one => typeof one === 'object')
    return inner.length === 0 ? [path] : inner.flatMap(one => leaves(one, path))
  }
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([name, one]) =>
    leaves(one, path ? `${path}.${name}` : name),
  )
}
