import { describe, expect, test } from 'vitest'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { type NdpEvent } from '../../src/decode/ndp.ts'
import { eventFlags, eventKind } from '../../src/decode/record.ts'
import { addressBytes, type Head, hex, icmpBody, record } from './records.ts'

const target = 'fe80::260:97ff:fe07:69ea'
const bytes = (text: string) => Buffer.from(addressBytes(text)).toString('hex')
const sourceOption = '0101 00005e005301'
const targetOption = '0201 00005e005302'
const prefixOption = `0304 40 c0 00278d00 00093a80 00000000 ${bytes('2001:db8:1::')}`
const mtuOption = '0501 0000 000005dc'
const nameServers = `1905 0000 00000e10 ${bytes('2001:db8::53')} ${bytes('2001:db8::54')}`

function ndp(type: number, payload: string, head: Head = {}): NdpEvent {
  const ends = { source: 'fe80::200:86ff:fe05:80da', destination: 'ff02::1' }
  const frame = { kind: eventKind.EVENT_NDP, family: 6, protocol: 58, ttl: 255, ...ends }
  const full = { ...frame, sourceMac: '00:00:5e:00:53:09', payload: hex(payload), ...head }
  const view = record(full, icmpBody(type))
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event?.kind !== 'ndp') throw new Error('no NDP was decoded')
  return event
}

describe('NDP', () => {
  test('neighbour solicitation asks for its target and states its own MAC', () => {
    const event = ndp(135, `87000000 00000000 ${bytes(target)} ${sourceOption}`, {
      sourcePort: 135,
    })
    expect(event.action).toBe('neighbor-solicitation')
    expect(event.target?.text).toBe(target)
    expect(event.linkLayer.text).toBe('00-00-5E-00-53-01')
    expect(event.ethernetSource?.text).toBe('00-00-5E-00-53-09')
    expect(event.sourceIp).toBe('fe80::200:86ff:fe05:80da')
    expect(event.destinationIp).toBe('ff02::1')
  })

  test('neighbour advertisement keeps its sender as the source', () => {
    const head = { flags: eventFlags.EVENT_REPLY | eventFlags.EVENT_ON_LINK }
    const event = ndp(136, `88000000 e0000000 ${bytes(target)} ${targetOption}`, head)
    expect(event.action).toBe('neighbor-advertisement')
    expect(event.sourceIp).toBe('fe80::200:86ff:fe05:80da')
    expect(event.flagNames).toEqual(['router', 'solicited', 'override'])
    expect(event.linkLayer.text).toBe('00-00-5E-00-53-02')
  })

  test('without an option has the MAC of the frame', () => {
    const event = ndp(135, `87000000 00000000 ${bytes(target)}`)
    expect(event.linkLayer.text).toBe('00-00-5E-00-53-09')
    expect(event.ethernetSource).toBeUndefined()
  })

  test('router advertisement gives lifetime, prefixes, MTU and name servers', () => {
    const options = `${sourceOption} ${prefixOption} ${mtuOption} ${nameServers}`
    const event = ndp(134, `86000000 40800708 00000000 00000000 ${options}`)
    expect(event).toMatchObject({ action: 'router-advertisement', routerLifetime: 1800 })
    expect(event.flagNames).toEqual(['managed'])
    expect(event.target).toBeUndefined()
    expect(event.options.mtu).toBe(1500)
    expect(event.options.nameServers.map(({ text }) => text)).toEqual([
      '2001:db8::53',
      '2001:db8::54',
    ])
    const [prefix, ...more] = event.options.prefixes
    expect(more).toEqual([])
    expect(prefix?.address.text).toBe('2001:db8:1::')
    expect(prefix).toMatchObject({
      length: 64,
      onLink: true,
      autonomous: true,
      validLifetime: 2592000,
      preferredLifetime: 604800,
    })
  })

  test('redirect names what is redirected and where to', () => {
    const event = ndp(
      137,
      `89000000 00000000 ${bytes(target)} ${bytes('2001:db8::9')} ${targetOption}`,
    )
    expect(event.action).toBe('redirect')
    expect(event.target?.text).toBe(target)
    expect(event.redirected?.text).toBe('2001:db8::9')
    expect(event.options.targetMac?.text).toBe('00-00-5E-00-53-02')
  })

  test('router solicitation has options only', () => {
    const event = ndp(133, `85000000 00000000 ${sourceOption}`)
    expect(event.action).toBe('router-solicitation')
    expect(event.linkLayer.text).toBe('00-00-5E-00-53-01')
  })

  const solicitation = `87000000 00000000 ${bytes(target)}`
  test.each([
    ['length zero', `${solicitation} 0100 00005e005301 ${targetOption}`],
    ['a length past the end', `${solicitation} 01ff 00005e005301`],
    ['half an option', `${solicitation} 0101 0000`],
    ['a MAC of another width', `${solicitation} 0102 ${'00'.repeat(14)}`],
    ['a prefix longer than an address', `${solicitation} 0304 81 c0 ${'00'.repeat(28)}`],
    ['nothing after the header', solicitation],
    ['the header cut', '87000000 00000000 fe80'],
    ['no byte at all', ''],
  ])('with %s is decoded as far as it goes', (_, payload) => {
    const event = ndp(135, payload)
    expect(event.options).toMatchObject({
      sourceMac: undefined,
      targetMac: undefined,
      prefixes: [],
    })
    expect(event.linkLayer.text).toBe('00-00-5E-00-53-09')
  })

  test('made of options only is bounded', () => {
    const event = ndp(134, `86000000 40800708 00000000 00000000 ${prefixOption.repeat(60)}`)
    expect(event.options.prefixes).toHaveLength(16)
  })
})
