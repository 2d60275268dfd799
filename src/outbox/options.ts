import { levels } from '../alerts/alert.ts'
import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'

/** The `outbox` section. */
export const outboxOptions = section('How alerts wait for their sinks.', {
  quota: Type.Integer({
    default: 2048,
    minimum: 64,
    maximum: 1_048_576,
    description:
      'Most that waiting alerts and dead letters take, in MiB. From 80 % on, what waits for sinks that are down is given up by level and age, and counted.',
  }),
  shutdown: duration({
    default: '10s',
    minDuration: '0s',
    maxDuration: '10m',
    description: 'Time for sinks to take what waits when the sensor ends; the rest is kept.',
  }),
})

/** Options that every sink has, beside those of its kind. */
export const routeOptions = {
  when: section('Which alerts the sink gets; what is left out does not restrict.', {
    level: Type.Enum([...levels], {
      default: 'informational',
      description: 'Lowest level.',
    }),
    rules: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Ids or names of rules; none means all.',
    }),
    tags: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Tags of which the alert has at least one; none means all.',
    }),
    detection: Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      default: {},
      description:
        'Sigma selections and a `condition` over the fields of the alert, as in a rule; empty means all.',
    }),
  }),
  max_age: duration({
    default: '0s',
    minDuration: '0s',
    maxDuration: '365d',
    description: 'Alerts that have waited longer are given up; 0 for none.',
  }),
}
