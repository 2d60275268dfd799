import { describe, expect, test } from 'vitest'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { type MessageEvent } from '../../src/decode/message.ts'
import { eventFlags, eventKind, l7 } from '../../src/decode/record.ts'
import { FirstBytesNames } from '../../src/protocols/first.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { flowBody, messageBody, record } from '../decode/records.ts'

interface First {
  readonly bytes: string
  readonly port: number
  readonly protocol?: number
  readonly fromServer?: boolean
}

/** The name of a flow whose first bytes were seen; the flow itself says nothing of its content. */
function nameOf({ bytes, port, protocol = 6, fromServer = false }: First): string | undefined {
  const client = { source: '192.0.2.9', sourcePort: 40_000, destination: '198.51.100.7' }
  const ends = { protocol, ...client, destinationPort: port }
  const turned = {
    protocol,
    source: '198.51.100.7',
    sourcePort: port,
    destination: '192.0.2.9',
    destinationPort: 40_000,
    flags: eventFlags.EVENT_REPLY,
  }
  const payload = Buffer.from(bytes, 'latin1')
  const head = { kind: eventKind.EVENT_MESSAGE, ...(fromServer ? turned : ends), payload }
  const events: unknown[] = []
  const protocols = new Protocols(event => events.push(event))
  protocols.take(decoded(record(head, messageBody({ l7: l7.L7_FIRST, length: payload.length }))))
  expect(events).toEqual([])
  const flow = decoded(record({ kind: eventKind.EVENT_FLOW_END, ...ends }, flowBody()))
  return flow.kind === 'flow' ? protocols.nameOf(flow) : undefined
}

function decoded(view: DataView) {
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event === undefined) throw new Error('the record cannot be decoded')
  return event
}

describe('first bytes', () => {
  test.each([
    ['ftp', { bytes: '220 (vsFTPd 3.0.3)\r\n', port: 21, fromServer: true }],
    ['smtp', { bytes: '220 mail.example ESMTP Postfix\r\n', port: 25, fromServer: true }],
    ['pop3', { bytes: '+OK POP3 ready <1@mail.example>\r\n', port: 110, fromServer: true }],
    ['ntp', { bytes: `\u0023${'\0'.repeat(47)}`, port: 123, protocol: 17 }],
  ])('of %s name the flow, whose record says nothing', (name, first) => {
    expect(nameOf(first)).toBe(name)
  })

  test('of nothing known leave it unnamed', () => {
    expect(nameOf({ bytes: '\u0001\u0002\u0003 noise', port: 4242 })).toBeUndefined()
  })

  test('of the oldest conversation are forgotten when there are too many', () => {
    const names = new FirstBytesNames()
    const first = banner(21, 1)
    names.take(first)
    expect(names.of(first.packet)).toBe('ftp')
    for (let client = 2; client <= 65_537; client++)
      names.take(banner(client & 1 ? 21 : 2121, client))
    expect(names.of(first.packet)).toBeUndefined()
    expect(names.of(banner(21, 65_537).packet)).toBe('ftp')
    expect(names.of(banner(2121, 65_536).packet)).toBe('ftp')
  })
})

/** What an FTP server says first. */
function banner(port: number, client: number): MessageEvent {
  const payload = Buffer.from('220 (vsFTPd 3.0.3)\r\n', 'latin1')
  const event = decoded(
    record(
      {
        kind: eventKind.EVENT_MESSAGE,
        protocol: 6,
        source: '198.51.100.7',
        sourcePort: port,
        destination: `192.0.${(client >> 8) & 255}.${client & 255}`,
        destinationPort: 40_000 + (client >> 16),
        flags: eventFlags.EVENT_REPLY,
        payload,
      },
      messageBody({ l7: l7.L7_FIRST, length: payload.length }),
    ),
  )
  if (event.kind !== 'message') throw new Error('the record is no message')
  return event
}
