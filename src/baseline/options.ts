import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'

/** The `baselines` section. */
export const baselinesOptions = section('What rules with a baseline may remember.', {
  limit: Type.Integer({
    default: 1_000_000,
    minimum: 1000,
    maximum: 50_000_000,
    description:
      'Values of all devices and rules together, about 90 bytes of memory each. At the limit nothing new is learned, and an alert says so.',
  }),
  keep_values: Type.Boolean({
    default: true,
    description:
      'Whether values are written as they are, so that alerts can name those most like a new one. Otherwise there are only their hashes, and an export means something only to this memory.',
  }),
})
