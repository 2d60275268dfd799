import { describe, expect, test } from 'vitest'
import { type ArpEvent } from '../../src/decode/arp.ts'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { eventFlags, eventKind } from '../../src/decode/record.ts'
import { addressBytes, type Head, hex, macBytes, record } from './records.ts'

const mac = '00:00:5e:00:53:01'
const other = '00:00:5e:00:53:02'
const none = '00:00:00:00:00:00'

function packet(operation: number, from: [string, string], to: [string, string]): Uint8Array {
  const ends = [from, to].flatMap(([mac, ip]) => [
    ...macBytes(mac),
    ...addressBytes(ip).slice(0, 4),
  ])
  return Uint8Array.from([0, 1, 8, 0, 6, 4, operation >> 8, operation & 255, ...ends])
}

function arp(payload: Uint8Array, head: Head = {}): ArpEvent {
  const frame = { sourceMac: mac, destinationMac: 'ff:ff:ff:ff:ff:ff', family: 0, protocol: 0 }
  const view = record({ ...frame, kind: eventKind.EVENT_ARP, payload, ...head })
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event?.kind !== 'arp') throw new Error('no ARP was decoded')
  return event
}

describe('ARP', () => {
  test('request has no target MAC, as nobody knows it yet', () => {
    expect(arp(packet(1, [mac, '192.0.2.1'], [none, '192.0.2.2']))).toMatchObject({
      action: 'request',
      operation: 1,
      family: 4,
      sourceIp: '192.0.2.1',
      sourceMac: '00-00-5E-00-53-01',
      destinationIp: '192.0.2.2',
      destinationMac: undefined,
      ethernetSource: undefined,
    })
  })

  test('reply has its sender as the source, whoever asked', () => {
    const payload = packet(2, [mac, '192.0.2.1'], [other, '192.0.2.2'])
    expect(
      arp(payload, { flags: eventFlags.EVENT_REPLY | eventFlags.EVENT_ON_LINK }),
    ).toMatchObject({
      action: 'reply',
      sourceIp: '192.0.2.1',
      destinationIp: '192.0.2.2',
      destinationMac: '00-00-5E-00-53-02',
      fromResponder: false,
      onLink: true,
    })
  })

  test.each([
    ['probe', 1, '0.0.0.0', '192.0.2.7'],
    ['announcement', 1, '192.0.2.7', '192.0.2.7'],
    ['announcement', 2, '192.0.2.7', '192.0.2.7'],
    ['reply', 2, '0.0.0.0', '192.0.2.7'],
    ['probe', 1, '0.0.0.0', '0.0.0.0'],
    ['other', 8, '192.0.2.7', '192.0.2.8'],
    ['other', 0x0100, '192.0.2.7', '192.0.2.8'],
  ])('%s: operation %i from %s for %s', (action, operation, from, to) => {
    expect(arp(packet(operation, [mac, from], [none, to]))).toMatchObject({ action, operation })
  })

  test('that names another sender than the frame says so', () => {
    const event = arp(packet(2, [other, '192.0.2.1'], [mac, '192.0.2.2']))
    expect(event.sourceMac).toBe('00-00-5E-00-53-02')
    expect(event.ethernetSource?.text).toBe('00-00-5E-00-53-01')
  })

  test('in a tunnel keeps its outer addresses', () => {
    const payload = packet(1, [mac, '192.0.2.1'], [none, '192.0.2.2'])
    const event = arp(payload, { outer: ['10.0.0.1', '10.0.0.2'], tunnel: 5, tunnelId: 42 })
    expect(event.sourceIp).toBe('192.0.2.1')
    expect(event.outer?.source.text).toBe('10.0.0.1')
  })

  test.each([
    ['for IPv6', '0001 86dd 0610 0001', 1, 'request'],
    ['over InfiniBand', '0020 0800 1404 0002', 2, 'reply'],
    ['with lengths that lie', '0001 0800 0606 0001', 1, 'request'],
    ['cut after the operation', '0001 0800 0604 0001', 1, 'request'],
    ['cut before the operation', '0001 0800 0604', 0, 'other'],
    ['without a byte', '', 0, 'other'],
  ])('%s is decoded as far as it goes', (name, start, operation, action) => {
    const filled = name.startsWith('cut') || start === '' ? '' : 'aa'.repeat(52)
    expect(arp(hex(start + filled))).toMatchObject({
      operation,
      action,
      family: 0,
      sourceIp: undefined,
      destinationIp: undefined,
      sourceMac: '00-00-5E-00-53-01',
      communityId: undefined,
    })
  })
})
