// Makes build/asn.mmdb, who announces which addresses, of data that is not ours to pass on. Run by `make asn`.
import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MmdbWriter } from './mmdb.mjs'

const name = '@ip-location-db/asn'
const build = fileURLToPath(new URL('../build', import.meta.url))

/** Fetches the package, writes the file and says how to use it. */
export function main() {
  const folder = join(build, 'asn')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, name], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [packed = ''] = readdirSync(folder)
  execFileSync('tar', ['-xzf', join(folder, packed), '-C', folder])
  const tables = ['asn-ipv4.csv', 'asn-ipv6.csv'].map(one => join(folder, 'package', one))
  return convert(tables, join(build, 'asn.mmdb')).finally(() => rmSync(folder, { recursive: true }))
}

/** Writes the rows `first,last,number,"name"` of CSV files as an MMDB file; resolves with how many there were. */
export async function convert(tables, file) {
  const writer = new MmdbWriter()
  let rows = 0
  for (const table of tables) {
    for await (const line of createInterface({ input: createReadStream(table) })) {
      const row = /^([^,]+),([^,]+),(\d+),(.*)$/.exec(line)
      if (row === null) throw new Error(`${table}: a row is not as expected: ${line}`)
      const [, first, last, number, organization] = row
      writer.add(addressNumber(first), addressNumber(last), {
        autonomous_system_number: Number(number),
        autonomous_system_organization: unquoted(organization),
      })
      rows++
    }
  }
  writeFileSync(`${file}.new`, writer.finish('asn', Math.floor(Date.now() / 1000)))
  renameSync(`${file}.new`, file)
  return rows
}

function unquoted(field) {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
}

/** 192.0.2.1 or 2001:db8::1 (RFC 4291 2.2) as one number; IPv4 lies below ::/96. */
export function addressNumber(address) {
  if (!address.includes(':')) return bits(address.split('.'), 8n, part => BigInt(part))
  const [left = '', right] = address.split('::')
  const groups = part => (part ? part.split(':') : [])
  const front = groups(left)
  const back = groups(right)
  const zeros = new Array(8 - front.length - back.length).fill('0')
  return bits([...front, ...zeros, ...back], 16n, part => BigInt(`0x${part}`))
}

function bits(parts, width, number) {
  return parts.reduce((sum, part) => (sum << width) | number(part), 0n)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await main()
  process.stdout.write(`build/asn.mmdb has ${rows} networks. Add to your configuration:

enrich:
  geo:
    asn: ${join(build, 'asn.mmdb')}

The data is of RouteViews, the NRO and DB-IP.com, under CC BY 4.0: who shows it names them.
`)
}
