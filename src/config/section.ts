import { type TProperties, Type } from './type.ts'

/** Options of one scalar: a sentence, a default, and for durations the limits as people write them. */
interface DurationOptions {
  readonly description: string
  readonly default: string
  readonly minDuration?: string
  readonly maxDuration?: string
}

/** A length of time as `30s`, `15m`, `1h`, `7d`, or plain 0; `milliseconds()` makes it a number. */
export function duration(options: DurationOptions) {
  const shape = { type: ['string', 'integer'], format: 'duration', minimum: 0, maximum: 0 }
  return Type.Unsafe<string | number>({ ...shape, ...options })
}

/** A list of networks in CIDR notation. */
export function networks(options: { description: string; default: string[] }) {
  return Type.Array(Type.String({ format: 'network' }), { ...options, uniqueItems: true })
}

/** A section: a map that refuses unknown keys and is there, with its defaults, when left out. */
export function section<const P extends TProperties>(description: string, properties: P) {
  return Type.Object(properties, { description, default: {}, additionalProperties: false })
}
