import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { IpAddress } from '../../src/decode/address.ts'
import { Geo } from '../../src/enrich/geo.ts'
import { type Place } from '../../src/enrich/geo-database.ts'
import { geoFile } from '../../src/enrich/geo-files.ts'
import { mmdb } from '../generate/mmdb.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-geo-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function written(content: string | Uint8Array): string {
  const file = join(folder, `${++files}.mmdb`)
  writeFileSync(file, content)
  return file
}

const asn = written(
  mmdb({
    '8.8.0.0/16': {
      autonomous_system_number: 64_496,
      autonomous_system_organization: 'Example Networks',
    },
    '2a00:1450::/32': { asn: 'AS64497', as_name: 'Example Six', country_code: 'FR' },
  }),
)

function placeIn(geo: Geo, text: string): Place | undefined {
  const { family, word0, word1, word2, word3 } =
    IpAddress.parse(text) ?? new IpAddress(4, 0, 0, 0, 0)
  return geo.place(family, word0, word1, word2, word3)
}

// Whether the build made its own file of autonomous systems changes nothing here.
const ours = { enabled: true, country: '', asn: 'none' }

describe('the country data that comes with the program', () => {
  const geo = new Geo(ours)

  test.each([
    ['8.8.8.8', 'US'],
    ['185.12.64.1', 'DE'],
    ['2001:4860:4860::8888', 'US'],
    ['2a00:1450::1', 'IE'],
  ])('knows where %s is', (ip, country) => {
    expect(placeIn(geo, ip)).toMatchObject({ country })
    expect(placeIn(geo, ip)).toBe(placeIn(geo, ip))
  })

  test.each(['10.0.0.1', '192.168.1.1', '224.0.0.251', 'fe80::1', '2001:db8::1', '198.51.100.7'])(
    'says nothing of %s',
    ip => expect(placeIn(geo, ip)).toBeUndefined(),
  )

  test('answers any address without a fault', () => {
    const word = fc.integer()
    fc.assert(
      fc.property(fc.constantFrom(0, 4, 6), word, word, word, word, (family, ...words) => {
        const place = geo.place(family, ...words)
        return place?.country === undefined || /^[A-Z]{2}$/.test(place.country)
      }),
    )
    expect(geo.faults.count).toBe(0)
  })
})

describe('the autonomous systems that the build makes', () => {
  const own = { ...ours, asn: '' }
  const file = geoFile(own, 'asn', 4)

  test.skipIf(file === undefined)('are known without any configuration', () => {
    const geo = new Geo(own)
    expect(placeIn(geo, '8.8.8.8')).toEqual({
      country: 'US',
      asn: 15_169,
      organization: 'Google LLC',
    })
    expect(placeIn(geo, '2001:4860:4860::8888')).toMatchObject({ asn: 15_169 })
    expect(geo.faults.count).toBe(0)
  })

  test('are left out, as are countries, when none are wanted', () => {
    const geo = new Geo({ enabled: true, country: 'none', asn: 'none' })
    expect(placeIn(geo, '8.8.8.8')).toBeUndefined()
    expect(geo.faults.count).toBe(0)
    expect(geoFile({ ...own, enabled: false }, 'asn', 4)).toBeUndefined()
  })
})

describe('files of the operator', () => {
  test('give the autonomous system, in the words of several makers', () => {
    const geo = new Geo({ ...ours, asn })
    expect(placeIn(geo, '8.8.4.4')).toEqual({
      country: 'US',
      asn: 64_496,
      organization: 'Example Networks',
    })
    expect(placeIn(geo, '2a00:1450::1')).toMatchObject({ asn: 64_497, organization: 'Example Six' })
    expect(placeIn(geo, '9.9.9.9')).toMatchObject({ asn: undefined })
  })

  test('take the place of ours', () => {
    const country = written(mmdb({ '8.0.0.0/8': { country: { iso_code: 'CH' } } }, { version: 4 }))
    const geo = new Geo({ ...ours, country })
    expect(placeIn(geo, '8.8.8.8')).toMatchObject({ country: 'CH' })
    expect(placeIn(geo, '9.9.9.9')).toBeUndefined()
    // A tree of IPv4 must not be walked with the bits of IPv6.
    expect(placeIn(geo, '2001:4860:4860::8888')).toBeUndefined()
  })

  test('are read again when asked to, but not when they have become unusable', () => {
    const file = written(mmdb({ '8.0.0.0/8': { country_code: 'CH' } }))
    const geo = new Geo({ ...ours, country: file })
    expect(placeIn(geo, '8.8.8.8')).toMatchObject({ country: 'CH' })
    writeFileSync(file, mmdb({ '8.0.0.0/8': { country_code: 'SE' } }))
    expect(placeIn(geo, '8.8.8.8')).toMatchObject({ country: 'CH' })
    geo.reload()
    expect(placeIn(geo, '8.8.8.8')).toMatchObject({ country: 'SE' })
    writeFileSync(file, 'no longer')
    expect(() => geo.reload()).toThrow(file)
    expect(placeIn(geo, '8.8.8.8')).toMatchObject({ country: 'SE' })
  })

  test('are not looked at when places are not wanted', () => {
    const geo = new Geo({ enabled: false, country: '/nowhere.mmdb', asn: '' })
    expect(placeIn(geo, '8.8.8.8')).toBeUndefined()
  })

  const whole = mmdb({ '8.0.0.0/8': { country_code: 'CH' } })
  test.each([
    ['is not there', join(folder, 'none.mmdb'), 'ENOENT'],
    ['is a folder', folder, 'EISDIR'],
    ['is empty', written(''), 'no MMDB file'],
    ['is something else', written('GIF89a'), 'no MMDB file'],
    ['has lost its start', written(whole.slice(-170)), 'cut short'],
    ['is of a later format', written(mmdb({ '8.0.0.0/8': 'x' }, { major: 3 })), 'version 3'],
  ])('stop the start when one %s', (_, path, why) => {
    const make = () => new Geo({ ...ours, asn: path })
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(make).toThrow(why)
    expect(make).toThrow(`\`enrich.geo.asn\`: cannot use \`${path}\``)
  })

  const metadata = Buffer.from(whole).indexOf('MaxMind.com') - 3

  test('that are damaged inside say nothing, and are counted', () => {
    fc.assert(
      fc.property(fc.nat(metadata - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = whole.slice()
        bytes[at] = (bytes[at] ?? 0) ^ by
        const file = written(bytes)
        const geo = new Geo({ ...ours, country: file })
        const place = placeIn(geo, '8.8.8.8')
        rmSync(file)
        return place?.country === undefined || /^[A-Z]{2}$/.test(place.country)
      }),
    )
    const file = written(whole)
    const geo = new Geo({ ...ours, country: file })
    truncateSync(file, 10)
    expect(placeIn(geo, '8.8.8.8')).toBeUndefined()
    expect(placeIn(geo, '9.9.9.9')).toBeUndefined()
    expect(geo.faults).toMatchObject({ count: 1, last: expect.stringContaining(file) })
  })
})
