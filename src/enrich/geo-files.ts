import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Complaint } from '../config/fault.ts'
import { installed } from '../installation.ts'
import { geoFault } from './geo-database.ts'

export interface GeoOptions {
  readonly enabled: boolean
  /** Path of an MMDB file; empty for the one that comes with the program, `none` for none. */
  readonly country: string
  /** As `country`. */
  readonly asn: string
}

export type GeoKind = 'country' | 'asn'

const countries = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country'
/** Made by the build. */
const systems = installed('build/asn.mmdb')

/** Which file to ask of an address of this family (4 or 6); undefined: none. */
export function geoFile(options: GeoOptions, kind: GeoKind, family: number): string | undefined {
  const chosen = options[kind]
  if (!options.enabled || chosen === 'none') return undefined
  if (chosen !== '') return chosen
  if (kind === 'asn') return existsSync(systems) ? systems : undefined
  // A file for each family: most networks never need that of IPv6.
  return createRequire(import.meta.url).resolve(`${countries}-ipv${family}.mmdb`)
}

/** What is wrong with the files of the operator, by their place in the configuration; reads only their ends. */
export function geoComplaints(options: GeoOptions): Complaint[] {
  if (!options.enabled) return []
  return (['country', 'asn'] as const).flatMap(name => {
    const path = options[name]
    const fault = path === '' || path === 'none' ? undefined : geoFault(path)
    if (fault === undefined) return []
    const message = unusable(`enrich.geo.${name}`, path, fault)
    return [{ path: ['enrich', 'geo', name], part: 'value', message }]
  })
}

function unusable(option: string, path: string, fault: string): string {
  const fix = `name a MaxMind DB file (.mmdb) that this user may read, or leave \`${option}\` out`
  return `\`${option}\`: cannot use \`${path}\`: ${fault}; ${fix}`
}
