import { createRequire } from 'node:module'
import { type Complaint } from '../config/fault.ts'
import { ipText } from '../decode/address.ts'
import { SensorError } from '../errors.ts'
import { GeoDatabase, geoFault, type Place } from './geo-database.ts'
import { isGlobal } from './global-address.ts'

export interface GeoOptions {
  readonly enabled: boolean
  /** Path of an MMDB file; empty for the one that comes with the program. */
  readonly country: string
  /** Path of an MMDB file; empty for none. */
  readonly asn: string
}

/** A power of two: addresses whose place is kept. Direct-mapped, so the bound needs no bookkeeping. */
const slots = 8192
const data = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country'

interface Cache {
  readonly words: Int32Array
  readonly families: Uint8Array
  readonly places: (Place | undefined)[]
}

/** What is wrong with the files of the operator, by their place in the configuration; reads only their ends. */
export function geoComplaints(options: GeoOptions): Complaint[] {
  if (!options.enabled) return []
  return (['country', 'asn'] as const).flatMap(name => {
    const path = options[name]
    const fault = path === '' ? undefined : geoFault(path)
    if (fault === undefined) return []
    const message = unusable(`enrich.geo.${name}`, path, fault)
    return [{ path: ['enrich', 'geo', name], part: 'value', message }]
  })
}

/** Throws `CONFIG_INVALID` for the first file that cannot be used. */
export function checkGeo(options: GeoOptions): void {
  const [first] = geoComplaints(options)
  if (first !== undefined) throw new SensorError('CONFIG_INVALID', first.message)
}

function unusable(option: string, path: string, fault: string): string {
  const fix = `name a MaxMind DB file (.mmdb) that this user may read, or leave \`${option}\` out`
  return `\`${option}\`: cannot use \`${path}\`: ${fault}; ${fix}`
}

/**
 * Where an address is: who announces it, from which country. Nothing is loaded before the first
 * address that is in the internet.
 */
export class Geo {
  readonly #options: GeoOptions
  #databases = new Map<string, GeoDatabase | undefined>()
  #cache: Cache | undefined
  #faults = 0
  #lastFault: string | undefined

  /** Throws as `checkGeo`. */
  constructor(options: GeoOptions) {
    checkGeo(options)
    this.#options = options
  }

  /** Files and records that could not be read, and what the last one said. */
  get faults(): { readonly count: number; readonly last: string | undefined } {
    return { count: this.#faults, last: this.#lastFault }
  }

  /** The place of an address (words in network order); undefined for what is not in the internet. */
  place(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): Place | undefined {
    if (!this.#options.enabled || !isGlobal(family, word0)) return undefined
    this.#cache ??= emptyCache()
    const { words, families, places } = this.#cache
    const mixed = Math.imul(word0 ^ Math.imul(word1, 31) ^ Math.imul(word2, 17) ^ word3, 0x9e3779b1)
    const slot = mixed >>> 19
    const base = slot * 4
    if (
      families[slot] === family &&
      words[base] === word0 &&
      words[base + 1] === word1 &&
      words[base + 2] === word2 &&
      words[base + 3] === word3
    ) {
      return places[slot]
    }
    const place = this.#read(family, ipText(family, word0, word1, word2, word3) ?? '')
    families[slot] = family
    words.set([word0, word1, word2, word3], base)
    places[slot] = place
    return place
  }

  /** The files may have changed: they are read again when needed. Throws as `checkGeo`; then nothing changes. */
  reload(): void {
    checkGeo(this.#options)
    this.#databases = new Map()
    this.#cache = undefined
  }

  #read(family: number, ip: string): Place | undefined {
    const { country, asn } = this.#options
    const inCountry = this.#get(country, family, ip)
    const inAsn = asn === '' ? undefined : this.#get(asn, family, ip)
    const place = {
      country: inCountry?.country ?? inAsn?.country,
      asn: inAsn?.asn ?? inCountry?.asn,
      organization: inAsn?.organization ?? inCountry?.organization,
    }
    return place.country === undefined && place.asn === undefined ? undefined : place
  }

  #get(path: string, family: number, ip: string): Place | undefined {
    // Ours is a file for each family: most networks never need that of IPv6.
    const file = path === '' ? `${data}-ipv${family}.mmdb` : path
    try {
      return this.#database(file, path === '')?.get(family, ip)
    } catch (error) {
      this.#fault(file, error)
      return undefined
    }
  }

  #database(file: string, isOurs: boolean): GeoDatabase | undefined {
    if (this.#databases.has(file)) return this.#databases.get(file)
    this.#databases.set(file, undefined) // one that cannot be read is not tried for each address
    const database = new GeoDatabase(isOurs ? packaged(file) : file)
    this.#databases.set(file, database)
    return database
  }

  #fault(path: string, error: unknown): void {
    this.#faults++
    this.#lastFault = `${path}: ${error instanceof Error ? error.message : String(error)}`
  }
}

function emptyCache(): Cache {
  return {
    words: new Int32Array(slots * 4),
    families: new Uint8Array(slots),
    places: new Array<Place | undefined>(slots).fill(undefined),
  }
}

/** The file of a dependency. */
function packaged(path: string): string {
  return createRequire(import.meta.url).resolve(path)
}
