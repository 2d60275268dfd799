import { ipText } from '../decode/address.ts'
import { SensorError } from '../errors.ts'
import { GeoDatabase, type Place } from './geo-database.ts'
import { type GeoKind, type GeoOptions, geoComplaints, geoFile } from './geo-files.ts'
import { isGlobal } from './global-address.ts'

/** A power of two: addresses whose place is kept. Direct-mapped, so the bound needs no bookkeeping. */
const slots = 8192

interface Cache {
  readonly words: Int32Array
  readonly families: Uint8Array
  readonly places: (Place | undefined)[]
}

/** Throws `CONFIG_INVALID` for the first file that cannot be used. */
export function checkGeo(options: GeoOptions): void {
  const [first] = geoComplaints(options)
  if (first !== undefined) throw new SensorError('CONFIG_INVALID', first.message)
}

/**
 * Where an address is: who announces it, from which country. Nothing is loaded before the first
 * address that is in the internet.
 */
export class Geo {
  readonly #options: GeoOptions
  #databases: Partial<Record<GeoKind | `${GeoKind}6`, GeoDatabase | undefined>> = {}
  #opened = new Map<string, GeoDatabase>()
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
    this.#databases = {}
    this.#opened = new Map()
    this.#cache = undefined
  }

  #read(family: number, ip: string): Place | undefined {
    const inCountry = this.#get('country', family, ip)
    const inAsn = this.#get('asn', family, ip)
    const place = {
      country: inCountry?.country ?? inAsn?.country,
      asn: inAsn?.asn ?? inCountry?.asn,
      organization: inAsn?.organization ?? inCountry?.organization,
    }
    return place.country === undefined && place.asn === undefined ? undefined : place
  }

  #get(kind: GeoKind, family: number, ip: string): Place | undefined {
    try {
      return this.#database(kind, family)?.get(family, ip)
    } catch (error) {
      this.#fault(this.#options[kind] || `our own ${kind} data`, error)
      return undefined
    }
  }

  /** Once for a kind and a family; one that cannot be read is not tried for each address. */
  #database(kind: GeoKind, family: number): GeoDatabase | undefined {
    const which = family === 6 ? (`${kind}6` as const) : kind
    if (which in this.#databases) return this.#databases[which]
    this.#databases[which] = undefined
    const file = geoFile(this.#options, kind, family)
    this.#databases[which] = file === undefined ? undefined : this.#open(file)
    return this.#databases[which]
  }

  /** One file may be asked of both families, and of both kinds. */
  #open(file: string): GeoDatabase | undefined {
    const opened = this.#opened.get(file) ?? new GeoDatabase(file)
    this.#opened.set(file, opened)
    return opened
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
