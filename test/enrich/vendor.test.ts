import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { MacAddress } from '../../src/decode/mac.ts'
import { isGroupAddress, isLocallyAdministered, sharedBy, vendor } from '../../src/enrich/vendor.ts'

const path = createRequire(import.meta.url).resolve('oui-data')
const registry = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>

function vendorOf(text: string): string | undefined {
  const mac = MacAddress.parse(text)
  return mac === undefined ? undefined : vendor(mac.high, mac.low)
}

describe('the vendor', () => {
  test.each([
    ['00-00-00-12-34-56', 'XEROX CORPORATION'],
    ['00-50-56-12-34-56', 'VMware, Inc.'],
    ['00-00-0C-12-34-56', 'Cisco Systems, Inc'],
  ])('of %s is %s', (mac, name) => {
    expect(vendorOf(mac)).toBe(name)
  })

  test('of a shared block is the one whose part it is', () => {
    const entries = Object.entries(registry)
    for (const digits of [7, 9]) {
      const sample = entries.filter(([prefix]) => prefix.length === digits).slice(0, 50)
      expect(sample).toHaveLength(50)
      for (const [prefix, text] of sample) {
        const [first = ''] = text.split('\n')
        expect(
          first.normalize('NFKC').startsWith(vendorOf(prefix.padEnd(12, 'F'))?.slice(0, 20) ?? '-'),
        ).toBe(true)
      }
    }
  })

  test('of an address that somebody made up is not known', () => {
    expect(vendorOf('DA-A1-19-00-00-01')).toBeUndefined()
    expect(vendorOf('FF-FF-FF-FF-FF-FF')).toBeUndefined()
  })

  test('names are one short line of printable signs', () => {
    const names = Object.keys(registry).map(prefix => vendorOf(prefix.padEnd(12, '0')))
    expect(names.length).toBeGreaterThan(40_000)
    expect(names.filter(name => !/^[^\p{C}]{1,64}$/u.test(name ?? ''))).toEqual([])
  })
})

describe('an address that routers share', () => {
  test.each([
    ['00-00-5E-00-01-0A', 'VRRP or CARP virtual router'],
    ['00-00-5E-00-02-0A', 'VRRP virtual router (IPv6)'],
    ['00-00-0C-07-AC-05', 'HSRP virtual router'],
    ['00-00-0C-9F-F1-23', 'HSRP virtual router (version 2)'],
    ['00-05-73-A0-00-01', 'HSRP virtual router (IPv6)'],
    ['00-07-B4-00-01-02', 'GLBP virtual router'],
  ])('%s is a %s', (mac, name) => {
    expect(vendorOf(mac)).toBe(name)
  })

  test.each(['00-00-5E-00-53-23', '00-00-0C-07-AD-05', '00-07-B4-01-01-02'])('%s is none', mac => {
    const { high = 0, low = 0 } = MacAddress.parse(mac) ?? {}
    expect(sharedBy(high, low)).toBeUndefined()
  })
})

test.each([
  ['02-00-00-00-00-01', true, false],
  ['DA-A1-19-00-00-01', true, false],
  ['00-50-56-12-34-56', false, false],
  ['01-00-5E-00-00-FB', false, true],
  ['33-33-00-00-00-FB', false, true],
  ['FF-FF-FF-FF-FF-FF', false, true],
])('%s: made up %s, a group %s', (mac, local, group) => {
  const high = MacAddress.parse(mac)?.high ?? 0
  expect(isLocallyAdministered(high)).toBe(local)
  expect(isGroupAddress(high)).toBe(group)
})
