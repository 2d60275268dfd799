import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { GeoDatabase, geoDate } from '../../src/enrich/geo-database.ts'

interface Conversion {
  convert(tables: readonly string[], file: string, epoch: number): number
  epochOf(version: string): number
}
const { convert, epochOf }: Conversion = await import(
  new URL('../../scripts/asn.mjs', import.meta.url).href
)

const folder = mkdtempSync(join(tmpdir(), 'orthrus-asn-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function made(...rows: readonly string[]): GeoDatabase {
  const table = join(folder, `${++files}.csv`)
  const file = join(folder, `${files}.mmdb`)
  writeFileSync(table, rows.map(row => `${row}\n`).join(''))
  expect(convert([table], file, epochOf('2.3.2026061719'))).toBe(rows.length)
  return new GeoDatabase(file)
}

const placeIn = (database: GeoDatabase, ip: string) => {
  const place = database.get(ip.includes(':') ? 6 : 4, ip)
  return place && [place.asn, place.organization]
}

test('ranges that are no networks, both families, quoted names', () => {
  const database = made(
    '1.0.0.3,1.0.2.6,64496,"Example, ""Inc."""',
    '255.255.255.255,255.255.255.255,4294967295,Last',
    '2001:db8::,2001:db8:0:1b9:ffff:ffff:ffff:ffff,64497,Sechs',
    `2001:db9::,2001:db9::ffff,64498,${'ö'.repeat(200)}`,
  )
  const first = [64_496, 'Example, "Inc."']
  expect(placeIn(database, '1.0.0.2')).toBeUndefined()
  expect(placeIn(database, '1.0.0.3')).toEqual(first)
  expect(placeIn(database, '1.0.1.255')).toEqual(first)
  expect(placeIn(database, '1.0.2.6')).toEqual(first)
  expect(placeIn(database, '1.0.2.7')).toBeUndefined()
  expect(placeIn(database, '255.255.255.255')).toEqual([4_294_967_295, 'Last'])
  expect(placeIn(database, '2001:db8:0:1b9::1')).toEqual([64_497, 'Sechs'])
  expect(placeIn(database, '2001:db8:0:1ba::')).toBeUndefined()
  expect(placeIn(database, '2001:db9::1')).toEqual([64_498, 'ö'.repeat(142)])
})

test('a row of another kind is told with its table', () => {
  expect(() => made('ip,asn')).toThrow(/\d\.csv: a row is not as expected: ip,asn/)
})

test('the whole address space, and the data are as old as the version says', () => {
  const database = made(
    '0.0.0.0,255.255.255.255,1,All',
    '::1:0:0,ffff::,2,Six',
    '9.9.9.9,9.9.9.9,3,One',
  )
  expect(placeIn(database, '0.0.0.0')).toEqual([1, 'All'])
  expect(placeIn(database, '255.255.255.255')).toEqual([1, 'All'])
  expect(placeIn(database, '9.9.9.9')).toEqual([3, 'One'])
  expect(placeIn(database, '9.9.9.10')).toEqual([1, 'All'])
  expect(placeIn(database, 'ffff::')).toEqual([2, 'Six'])
  expect(placeIn(database, 'ffff::1')).toBeUndefined()
  expect(geoDate(join(folder, `${files}.mmdb`))).toEqual(new Date('2026-06-17T19:00:00Z'))
  expect(() => epochOf('2.3.1')).toThrow('2.3.1')
})

const dotted = (value: number) => [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')

test('any ranges: each address has the number of the last range it is in', () => {
  const range = fc.record({
    first: fc.nat(2000),
    length: fc.nat(500),
    asn: fc.integer({ min: 1, max: 9 }),
  })
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 12 }), ranges => {
      const rows = ranges.map(
        ({ first, length, asn }) => `${dotted(first)},${dotted(first + length)},${asn},x`,
      )
      const database = made(...rows)
      for (let address = 0; address < 2600; address += 7) {
        const last = ranges.findLast(
          ({ first, length }) => address >= first && address <= first + length,
        )
        expect(placeIn(database, dotted(address))?.[0]).toBe(last?.asn)
      }
    }),
    { numRuns: 30 },
  )
})
