import { describe, expect, test } from 'vitest'
import { dnsFields } from '../../src/protocols/dns-ecs.ts'
import { decodeNbns, netbiosSuffix } from '../../src/protocols/nbns.ts'
import { decodeNetbiosName } from '../../src/protocols/nbns-data.ts'
import * as build from '../generate/dns.ts'

describe('NetBIOS names', () => {
  test('lose their encoding, padding and suffix (RFC 1001 14.1)', () => {
    const decoded = decodeNbns(build.nbns('FILESERVER', undefined, { suffix: 0x1b }))
    expect(decoded?.questions[0]?.name).toBe('FILESERVER')
    expect(decoded && netbiosSuffix(decoded)).toBe(0x1b)
  })

  test('that ask for the status of any node are `*`', () => {
    expect(decodeNetbiosName('CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).toEqual({ text: '*', suffix: 0 })
  })

  test('keep their scope', () => {
    const scoped = build.dns({
      id: 1,
      flags: 0,
      questions: [{ name: `${build.netbiosName('HOST')}.scope.test`, type: 'NB' }],
    })
    expect(decodeNbns(scoped)?.questions[0]?.name).toBe('HOST.scope.test')
  })

  test.each(['short', 'A'.repeat(31), `${'A'.repeat(31)}Q`, 'A'.repeat(33)])(
    'are not seen in %s',
    text => {
      expect(decodeNetbiosName(text)).toBeUndefined()
    },
  )
})

describe('NetBIOS messages as ECS', () => {
  test('a query', () => {
    const decoded = decodeNbns(build.nbns('WPAD', undefined, { id: 5, suffix: 0 }))
    expect(decoded && dnsFields(decoded)).toEqual({
      dns: {
        type: 'query',
        id: '5',
        op_code: 'QUERY',
        header_flags: ['RD'],
        question: { name: 'WPAD', type: 'NB', class: 'IN' },
      },
      orthrus: { dns: { z: 0, netbios_suffix: 0 } },
    })
  })

  test('an answer with its addresses', () => {
    const decoded = decodeNbns(build.nbns('WPAD', '192.0.2.66'))
    expect(decoded && dnsFields(decoded).dns).toMatchObject({
      type: 'answer',
      header_flags: ['AA', 'RD'],
      answers: [{ name: 'WPAD', type: 'NB', data: '192.0.2.66' }],
      resolved_ip: ['192.0.2.66'],
    })
  })

  test('a node status with names and MAC', () => {
    const name = (text: string, suffix: number) => [
      ...Buffer.from(text.padEnd(15, ' ')),
      suffix,
      ...[0x04, 0x00],
    ]
    const data = [2, ...name('HOST', 0), ...name('GROUP', 0x1e), 0, 0, 0x5e, 0, 0x53, 0x23]
    const bytes = build.dns({
      id: 1,
      flags: 0x8400,
      answers: [{ name: build.netbiosName('*', 0), type: 33, data: Uint8Array.from(data) }],
    })
    expect(decodeNbns(bytes)?.answers[0]?.data).toBe('HOST<00> GROUP<1e> 00-00-5E-00-53-23')
  })
})
