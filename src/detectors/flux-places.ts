import { type IpAddress } from '../decode/address.ts'
import { type DetectorContext } from './detector.ts'

/** Where addresses are, as far as the data says. */
export interface Places {
  readonly systems: number | undefined
  readonly countries: number | undefined
}

/** Different places of the addresses; undefined where less than half of them have one. */
export function placesOf(addresses: readonly IpAddress[], place: DetectorContext['place']): Places {
  const systems = new Set<number>()
  const countries = new Set<string>()
  let inSystem = 0
  let inCountry = 0
  for (const { family, word0, word1, word2, word3 } of addresses) {
    const { asn, country } = place(family, word0, word1, word2, word3) ?? {}
    if (asn !== undefined) inSystem++
    if (country !== undefined) inCountry++
    if (asn !== undefined) systems.add(asn)
    if (country !== undefined) countries.add(country)
  }
  const half = addresses.length / 2
  return {
    systems: inSystem > half ? systems.size : undefined,
    countries: inCountry > half ? countries.size : undefined,
  }
}
