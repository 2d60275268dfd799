import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'

/** The `state` section. */
export const stateOptions = section('What the sensor remembers between runs.', {
  directory: Type.String({
    minLength: 1,
    default: './data',
    description: 'Directory of the memory: devices, baselines, alerts that wait for a sink.',
  }),
})
