import { type FlowEvent } from '../decode/flow.ts'
import { type Rhythm, size as sizeOf, timing } from './beacon-score.ts'
import { hundredths } from './hundredths.ts'

const minute = 60e6
/** µs between two looks at a pair that is young. */
export const earlyPause = 2 * minute
/** Connections, and since when (µs), that are enough for a clock; more of a destination that is new to a sensor that knows. */
const enough = { count: 30, age: 4.5 * minute }
const long = { count: 60, age: 30 * minute }
/** Seconds between two, at least: what comes faster is a program at work. */
const shortest = 3
/** Bytes of each side in one: orders and answers are short, what is watched or fetched is not. */
const short = 4000
/** Scores of what is made by a clock: next to no jitter, next to no difference of size. */
const clock = { timing: 0.92, size: 0.9 }
/** Some jitter, where it went on for longer and what is sent is always the same. */
const loose = { count: 50, timing: 0.8, size: 0.98 }

/** Whether there are enough connections for a look before the hours are over. */
export function mayBeClock(flow: FlowEvent, count: number, age: number): boolean {
  if (count < enough.count || age < enough.age) return false
  return flow.sourcePayload <= short && flow.destinationPayload <= short
}

export function isLong(count: number, age: number): boolean {
  return count >= long.count && age >= long.age
}

/** The rhythm of a pair that a clock seems to drive, and how sure that is; undefined for any other. */
export function clockOf({
  starts,
  sizes,
}: {
  readonly starts: Float64Array
  readonly sizes: Float64Array
}): { readonly score: number; readonly rhythm: Rhythm; readonly size: number } | undefined {
  const rhythm = timing(starts)
  const size = sizeOf(sizes)
  const isClock = rhythm.score >= clock.timing && size >= clock.size
  const isLoose = rhythm.score >= loose.timing && size >= loose.size && rhythm.count >= loose.count
  // Bunches of connections are a page that is loaded again and again.
  if (!(isClock || isLoose) || rhythm.count < enough.count - 2) return undefined
  if (rhythm.interval < shortest) return undefined
  return { score: hundredths(isClock ? 0.85 : 0.8), rhythm, size }
}
