import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'

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
    description:
      'Most MACs in the inventory. Beyond it a device that has been silent for `returned_after` makes room; where there is none, the newcomer is counted, not remembered.',
  }),
  grace: duration({
    default: '5s',
    maxDuration: '60s',
    description:
      'How long a new MAC is held back when it has no address yet, or may be of a known device.',
  }),
  returned_after: duration({
    default: '30d',
    minDuration: '1h',
    maxDuration: '3650d',
    description: 'After which silence a device that comes again is told of as returned.',
  }),
  forget_after: duration({
    default: '400d',
    minDuration: '1d',
    maxDuration: '3650d',
    description:
      'After which silence a device is forgotten and would be new again. Those with a tag or a note are kept.',
  }),
  watch: Type.Array(
    section('A device that may not fall silent.', {
      device: Type.String({
        minLength: 1,
        maxLength: 255,
        default: '',
        description: 'Its id, its MAC, its hostname, or `tag:` and one of its tags.',
      }),
      after: duration({
        default: '15m',
        minDuration: '10s',
        maxDuration: '365d',
        description: 'Silence that is told.',
      }),
    }),
    { default: [], maxItems: 1024, description: 'Devices whose silence is told.' },
  ),
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
        'MaxMind DB file (.mmdb) of countries, of any maker; empty: the one that comes with Orthrus; `none`: none.',
    }),
    asn: Type.String({
      default: '',
      description:
        'MaxMind DB file (.mmdb) of autonomous systems, such as GeoLite2-ASN; empty: the one that the build makes (RouteViews, DB-IP.com, NRO: CC BY 4.0); `none`: none.',
    }),
  }),
})
