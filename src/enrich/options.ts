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
