import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { Reader, type Response } from 'mmdb-lib'
import { type Metadata, parseMetadata } from 'mmdb-lib/lib/metadata.js'

/** What a database says of an address; the names of fields differ from maker to maker. */
export interface Place {
  /** ISO 3166-1, two letters. */
  readonly country: string | undefined
  /** Number of the autonomous system that announces the address. */
  readonly asn: number | undefined
  readonly organization: string | undefined
}

/** Whatever a record of an MMDB file holds. */
type Entry = Readonly<Record<string, unknown>>

// MaxMind DB file format 2.0, "Database Metadata": the last of these marks, in the last 128 KiB.
const mark = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')
const metadataMost = 128 << 10
const separator = 16
const longestText = 256

/** An MMDB file in memory. */
export class GeoDatabase {
  readonly #reader: Reader<Response>

  /** Reads the file. Throws what the file system or the format says. */
  constructor(path: string) {
    this.#reader = new Reader<Response>(readFileSync(path))
  }

  /** What it says of an address in text; undefined for nothing. Throws for a damaged record. */
  get(family: number, ip: string): Place | undefined {
    if (family === 6 && this.#reader.metadata.ipVersion === 4) return undefined
    const entry = this.#reader.get(ip) as Entry | null
    return entry === null || typeof entry !== 'object' ? undefined : placeOf(entry)
  }
}

/** Says what is wrong with the file at `path`, reading no more than its end; undefined: nothing. */
export function geoFault(path: string): string | undefined {
  try {
    const { size, metadata } = readMetadata(path)
    if (metadata === undefined) return 'it is no MMDB file'
    const { binaryFormatMajorVersion: version, searchTreeSize } = metadata
    if (version !== 2) return `its format version ${version} is not known`
    return searchTreeSize + separator < size ? undefined : 'it is cut short'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** When the data at `path` were made, as they say; undefined for what cannot be read. */
export function geoDate(path: string): Date | undefined {
  return geoFault(path) === undefined ? readMetadata(path).metadata?.buildEpoch : undefined
}

function readMetadata(path: string): { size: number; metadata: Metadata | undefined } {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const tail = Buffer.alloc(Math.min(size, metadataMost))
    const length = readSync(file, tail, 0, tail.length, Math.max(0, size - tail.length))
    const end = tail.subarray(0, length)
    return { size, metadata: end.lastIndexOf(mark) < 0 ? undefined : parseMetadata(end) }
  } finally {
    closeSync(file)
  }
}

/** From GeoLite2 and GeoIP2, DB-IP, IPinfo, ip-location-db. */
function placeOf(entry: Entry): Place {
  const country = text(entry['country_code']) ?? countryOf(entry['country'])
  const asn = asNumber(entry['autonomous_system_number'] ?? entry['asn'])
  const organization = entry['autonomous_system_organization'] ?? entry['as_name']
  return {
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    asn,
    organization: asn === undefined ? undefined : text(organization),
  }
}

function countryOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return text(value)
  return text(Reflect.get(value, 'iso_code'))
}

/** 64496 or `AS64496`. */
function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value.replace(/^AS/, '')) : value
  return typeof number === 'number' && number > 0 && number < 2 ** 32 ? number : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, longestText) : undefined
}
