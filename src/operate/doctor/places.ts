import { geoDate } from '../../enrich/geo-database.ts'
import { type GeoKind, type GeoOptions, geoFile } from '../../enrich/geo-files.ts'
import { type Check, ok, warn } from './check.ts'

const kinds = [
  ['country', 'countries', 'ip-location-db (CC0)'],
  ['asn', 'autonomous systems', 'RouteViews, DB-IP.com, NRO (CC BY 4.0)'],
] as const

/** Which data say where an address is, of which day, and whom to name for them. */
export function checkPlaces(options: GeoOptions): Check[] {
  if (!options.enabled) return [ok('places', 'not looked up (`enrich.geo.enabled`)')]
  return kinds.map(([kind, what, makers]) => checkPlace(options, kind, { what, makers }))
}

function checkPlace(
  options: GeoOptions,
  kind: GeoKind,
  { what, makers }: { readonly what: string; readonly makers: string },
): Check {
  if (options[kind] === 'none') return ok('places', `no ${what} (\`enrich.geo.${kind}\`)`)
  const file = geoFile(options, kind, 4)
  const date = file === undefined ? undefined : geoDate(file)
  if (date === undefined) {
    const fix = `make, or name a file of yours in \`enrich.geo.${kind}\``
    return warn('places', `no ${what}: there is no file of them`, fix)
  }
  const source = options[kind] === '' ? makers : `\`${options[kind]}\``
  return ok('places', `${what} of ${date.toISOString().slice(0, 10)}, ${source}`)
}
