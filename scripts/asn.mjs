// Makes build/asn.mmdb, who announces which addresses, of the tables of a package. Run by `make`.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MmdbWriter } from './mmdb.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules/@ip-location-db/asn')
const file = join(root, 'build/asn.mmdb')

/** Writes the file; without the package, a development dependency, there is none, which is no fault. */
function main() {
  if (!existsSync(folder)) return
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  mkdirSync(dirname(file), { recursive: true })
  const tables = ['asn-ipv4.csv', 'asn-ipv6.csv'].map(one => join(folder, one))
  convert(tables, file, epochOf(version))
}

/**
 * Writes the rows `first,last,number,"name"` of CSV files as an MMDB file of data that is as old as
 * `epoch` says; returns how many there were. Throws for a row of another kind.
 */
export function convert(tables, target, epoch) {
  const writer = new MmdbWriter()
  let rows = 0
  for (const table of tables) {
    for (const line of readFileSync(table, 'utf8').split('\n')) {
      if (line === '') continue
      const row = /^([^,]+),([^,]+),(\d+),(.*)$/.exec(line)
      if (row === null) throw new Error(`${table}: a row is not as expected: ${line}`)
      const [, first, last, number, organization] = row
      writer.add(addressWords(first), addressWords(last), {
        autonomous_system_number: Number(number),
        autonomous_system_organization: unquoted(organization),
      })
      rows++
    }
  }
  writeFileSync(`${target}.new`, writer.finish('asn', epoch))
  renameSync(`${target}.new`, target)
  return rows
}

/** Seconds since 1970 of 2.3.2026061719, a version that ends with the hour of the data. */
export function epochOf(version) {
  const hour = /\.(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(version)
  if (hour === null) throw new Error(`version ${version} does not end with an hour`)
  const [, year, month, day, hours] = hour.map(Number)
  return Date.UTC(year, month - 1, day, hours) / 1000
}

function unquoted(field) {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
}

/** 192.0.2.1 or 2001:db8::1 (RFC 4291 2.2) as four words of 32 bits; IPv4 lies below ::/96. */
export function addressWords(address) {
  if (!address.includes(':')) return [0, 0, 0, word(address.split('.').map(Number), 8)]
  const [left = '', right] = address.split('::')
  const groups = part => (part ? part.split(':').map(group => Number.parseInt(group, 16)) : [])
  const front = groups(left)
  const back = groups(right)
  const all = [...front, ...new Array(8 - front.length - back.length).fill(0), ...back]
  return [0, 2, 4, 6].map(at => word(all.slice(at, at + 2), 16))
}

function word(parts, width) {
  return parts.reduce((sum, part) => (sum << width) | part, 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
