import { describe, expect, test } from 'vitest'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { type IcmpEvent } from '../../src/decode/icmp.ts'
import { eventFlags, eventKind } from '../../src/decode/record.ts'
import { addressBytes, type Head, hex, icmpBody, record } from './records.ts'

function icmp(head: Head, body: Uint8Array): IcmpEvent {
  const view = record({ kind: eventKind.EVENT_ICMP, protocol: 1, ...head }, body)
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event?.kind !== 'icmp') throw new Error('no ICMP was decoded')
  return event
}

/** An IPv4 header and what follows; the DNS query of the Community ID vectors. */
function quote4(protocol: number, rest: string, options = '', fragment = '0000'): Uint8Array {
  const first = (0x45 + options.length / 8).toString(16)
  const head = `${first}000040 1234${fragment} 40 ${protocol.toString(16).padStart(2, '0')} 0000`
  return hex(
    `03030000 00000000 ${head.replace('000040', '00 0040')} c0a80134 08080808 ${options} ${rest}`,
  )
}

function quote6(next: number, rest: string): Uint8Array {
  const ends = [addressBytes('2001:db8::1'), addressBytes('2001:db8::2')]
  const addresses = ends.map(bytes => Buffer.from(bytes).toString('hex')).join('')
  return hex(
    `01040000 00000000 60000000 0040 ${next.toString(16).padStart(2, '0')} 40 ${addresses} ${rest}`,
  )
}

describe('ICMP', () => {
  test('echo request gives its identifier and size', () => {
    const head = { source: '192.168.0.89', destination: '192.168.0.1', sourcePort: 8 }
    expect(icmp(head, icmpBody(8, 0, 0x1234, 56))).toMatchObject({
      action: 'echo-request',
      isEcho: true,
      type: 8,
      code: 0,
      id: 0x1234,
      payloadBytes: 56,
      quoted: undefined,
      communityId: '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    })
  })

  test('echo reply has the one who asked as its source', () => {
    const ends = { source: '192.168.0.1', destination: '192.168.0.89' }
    const head = { ...ends, destinationPort: 8, flags: eventFlags.EVENT_REPLY }
    expect(icmp(head, icmpBody(0))).toMatchObject({
      action: 'echo-reply',
      sourceIp: '192.168.0.89',
      sourcePort: 8,
      fromResponder: true,
      communityId: '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    })
  })

  test.each([
    ['plain', quote4(17, 'd53900350040abcd')],
    ['with IP options', quote4(17, 'd53900350040abcd', '01010101')],
    ['with the first eight bytes only', quote4(17, 'd539003500400000')],
  ])('error names the conversation it speaks of: %s', (_, payload) => {
    const event = icmp({ payload }, icmpBody(3, 3))
    expect(event.action).toBe('unreachable')
    expect(event.quoted?.source.text).toBe('192.168.1.52')
    expect(event.quoted?.destination.text).toBe('8.8.8.8')
    expect(event.quoted).toMatchObject({
      family: 4,
      protocol: 17,
      sourcePort: 54585,
      destinationPort: 53,
      communityId: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
    })
  })

  test.each([
    ['a later fragment', quote4(17, 'd539003500400000', '', '00b9')],
    ['cut before the ports', quote4(17, 'd539')],
    ['options that reach past the end', quote4(17, '').fill(0x4f, 8, 9)],
  ])('error about %s names the hosts alone', (_, payload) => {
    const { quoted } = icmp({ payload }, icmpBody(11))
    expect(quoted?.destination.text).toBe('8.8.8.8')
    expect(quoted).toMatchObject({ complete: false, sourcePort: 0, communityId: undefined })
  })

  test.each([
    ['nothing', hex('')],
    ['a header alone', hex('0303000000000000')],
    ['a cut IP header', quote4(17, '').subarray(0, 27)],
    ['a header length of zero', quote4(17, '').fill(0x40, 8, 9)],
    ['no IP', hex('0303000000000000 00ffffffffffffffffffffffffffffffffffffffffff')],
    ['a cut IPv6 header', quote6(17, '').subarray(0, 47)],
  ])('error that quotes %s has no quotation', (_, payload) => {
    expect(icmp({ payload }, icmpBody(3)).quoted).toBeUndefined()
  })

  test('error about a ping names its conversation', () => {
    const { quoted } = icmp({ payload: quote4(1, '0800abcd12340001') }, icmpBody(11))
    expect(quoted).toMatchObject({ protocol: 1, sourcePort: 8, destinationPort: 0, complete: true })
  })

  test('IPv4 redirect names the better router', () => {
    const payload = quote4(17, 'd539003500400000')
    payload.set([192, 168, 1, 254], 4)
    const event = icmp({ payload }, icmpBody(5, 1))
    expect(event.action).toBe('redirect')
    expect(event.gateway?.text).toBe('192.168.1.254')
    expect(event.quoted?.destinationPort).toBe(53)
  })

  const v6 = { protocol: 58, family: 6, source: '2001:db8::3', destination: '2001:db8::1' }
  test.each([
    ['none', quote6(6, '1f9001bb 00000000')],
    [
      'hop-by-hop and destination options',
      quote6(0, `3c00${'00'.repeat(6)} 0601${'00'.repeat(14)} 1f9001bb`),
    ],
    ['a first fragment', quote6(44, '0600 0001 12345678 1f9001bb')],
    ['authentication', quote6(51, `0604${'00'.repeat(22)} 1f9001bb`)],
  ])('error of IPv6 is followed through extension headers: %s', (_, payload) => {
    const event = icmp({ ...v6, payload }, icmpBody(1, 4))
    expect(event.action).toBe('unreachable')
    expect(event.quoted?.source.text).toBe('2001:db8::1')
    expect(event.quoted).toMatchObject({
      family: 6,
      protocol: 6,
      sourcePort: 8080,
      destinationPort: 443,
    })
  })

  test.each([
    ['a later fragment', quote6(44, '0600 0009 12345678 1f9001bb'), 6],
    ['a chain that is cut', quote6(0, '3c00'), 0],
    ['a chain without an end', quote6(0, '0000000000000000'.repeat(12)), 0],
  ])('error of IPv6 about %s has no ports', (_, payload, protocol) => {
    const { quoted } = icmp({ ...v6, payload }, icmpBody(3))
    expect(quoted).toMatchObject({ complete: false, protocol })
  })

  test.each([
    [1, 13, 'timestamp-request'],
    [1, 200, 'other'],
    [58, 2, 'packet-too-big'],
    [58, 128, 'echo-request'],
    [58, 143, 'listener-report'],
    [58, 8, 'other'],
  ])('protocol %i, type %i is %s', (protocol, type, action) => {
    expect(icmp({ protocol }, icmpBody(type)).action).toBe(action)
  })
})
