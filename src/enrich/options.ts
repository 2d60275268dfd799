import { Type } from 'typebox'
import { duration, section } from '../config/section.ts'

/** The `devices` section. */
export const devicesOptions = section('The inventory of devices on the link.', {
  learning: duration({
    default: '1h',
    maxDuration: '90d',
    description: 'On a first start, how long to learn devices before a new one is an alert.',
  }),
  limit: Type.Integer({
    minimum: 1,
    maximum: 1_048_576,
    default: 65_536,
    description: 'Most devices in the inventory; what comes beyond is counted, not remembered.',
  }),
})

/** The `enrich` section. */
export const enrichOptions = section('What is known of each address, beside the packets.', {
  names: section('Names that clients resolved, from DNS answers on the line.', {
    limit: Type.Integer({
      minimum: 1024,
      maximum: 4_194_304,
      default: 65_536,
      description: 'Most names, one for each client and address; unused ones make room for others.',
    }),
  }),
  geo: section('Country and autonomous system of addresses in the internet.', {
    enabled: Type.Boolean({
      default: true,
      description: 'Whether addresses are looked up; the files are read when the first one is.',
    }),
    country: Type.String({
      default: '',
      description:
        'MaxMind DB file (.mmdb) of countries, of any maker; empty: the one that comes with Orthrus.',
    }),
    asn: Type.String({
      default: '',
      description:
        'MaxMind DB file (.mmdb) of autonomous systems, such as GeoLite2-ASN; empty: none.',
    }),
  }),
})
