import { hundredths } from './hundredths.ts'

/** How much a series of connections looks like a program that calls home; each part 0 to 1. */
export interface BeaconScores {
  /** Regular intervals. */
  readonly timing: number
  /** The same number of bytes each time. */
  readonly size: number
  /** As many in each hour. */
  readonly histogram: number
  /** For how long. */
  readonly duration: number
}

/** When the connections of a pair begin. */
export interface Rhythm {
  readonly score: number
  /** Median interval, s, and the median deviation from it as a part of it. */
  readonly interval: number
  readonly jitter: number
  /** Intervals that say so. */
  readonly count: number
}

/** Weights of timing and of the three others. */
const weights = { timing: 0.4, other: 0.2 } as const
/** What people or chance may have at most: no score of the others helps. */
const irregular = 0.6

/** Read by place only. */
type Numbers = ArrayLike<number>

/** Seconds below which a spread of intervals has no shape (RITA). */
const shapeless = 10

/**
 * Score of starts in ascending order, in seconds (RITA's: mean of 1 - Bowley skew and 1 - MAD/median).
 * Starts that come in a bunch count once: what is nearer than a second, or than a tenth of what
 * three intervals of four are below.
 */
export function timing(starts: Numbers): Rhythm {
  const gap = Math.max(1, quantile(intervalsOf(starts, 1).sort(), 0.75) / 10)
  const intervals = intervalsOf(starts, gap).sort()
  const { length: count } = intervals
  if (count < 3) return { score: 0, interval: 0, jitter: 0, count }
  const median = quantile(intervals, 0.5)
  const deviation = deviationFrom(intervals, median)
  const even = Math.max(0, (median - deviation) / median)
  const score = (1 - Math.abs(skew(intervals)) + even) / 2
  return { score, interval: median, jitter: deviation / median, count }
}

/** Score of payload sizes in bytes. */
export function size(sizes: Numbers): number {
  if (sizes.length < 3) return 0
  const sorted = Float64Array.from(sizes).sort()
  const median = quantile(sorted, 0.5)
  const even = median < 1 ? 0 : Math.max(0, (median - deviationFrom(sorted, median)) / median)
  return (1 - Math.abs(skew(sorted)) + even) / 2
}

/**
 * Scores of connections by hour, of the last 24 in order. Only hours between the first and the last
 * with any count, the first and the present one aside: they were not whole.
 */
export function overHours(hours: readonly number[]): { histogram: number; duration: number } {
  const first = hours.findIndex(count => count > 0)
  const last = hours.findLastIndex(count => count > 0)
  if (first < 0) return { histogram: 0, duration: 0 }
  const whole = hours.slice(first + 1, last)
  const run = longestRun(hours)
  const duration = Math.min(1, Math.max((last - first + 1) / 24, run / 12))
  return { histogram: Math.max(evenness(whole), bimodal(whole)), duration }
}

/** 1 - coefficient of variation, of hours taken together until each has four or so. */
function evenness(hours: readonly number[]): number {
  const total = hours.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  const group = Math.max(1, Math.ceil((4 * hours.length) / total))
  const bins: number[] = []
  for (let at = 0; at + group <= hours.length; at += group) {
    bins.push(hours.slice(at, at + group).reduce((sum, count) => sum + count, 0))
  }
  if (bins.length < 2) return 0
  const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length
  const variance = bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / bins.length
  return mean === 0 ? 0 : Math.max(0, 1 - Math.sqrt(variance) / mean)
}

/** RITA's: two heights hold nearly all hours, as of a program that has a second, slower rhythm. */
function bimodal(hours: readonly number[]): number {
  const filled = hours.filter(count => count > 0)
  if (filled.length < 11) return 0
  const width = Math.ceil(0.05 * Math.max(...filled))
  const heights = new Map<number, number>()
  for (const count of filled) {
    const bar = Math.floor(count / width)
    heights.set(bar, (heights.get(bar) ?? 0) + 1)
  }
  const [one = 0, two = 0] = [...heights.values()].sort((a, b) => b - a)
  return Math.min(1, (one + two) / Math.max(filled.length - 1, 1))
}

function longestRun(hours: readonly number[]): number {
  let longest = 0
  let run = 0
  for (const count of hours) {
    run = count > 0 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

function intervalsOf(starts: Numbers, gap: number): Float64Array {
  const intervals = new Float64Array(starts.length)
  let count = 0
  let before = starts[0] ?? 0
  for (let at = 0; at < starts.length; at++) {
    const start = starts[at] ?? 0
    if (start - before < gap) continue
    intervals[count++] = start - before
    before = start
  }
  return intervals.subarray(0, count)
}

/** Bowley's: quartiles against the median, -1 to 1. */
function skew(sorted: Float64Array): number {
  const low = quantile(sorted, 0.25)
  const middle = quantile(sorted, 0.5)
  const high = quantile(sorted, 0.75)
  if (high - low < shapeless || middle === low || middle === high) return 0
  return (high + low - 2 * middle) / (high - low)
}

function deviationFrom(values: Float64Array, median: number): number {
  return quantile(values.map(value => Math.abs(value - median)).sort(), 0.5)
}

function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? 0
  const high = sorted[Math.ceil(at)] ?? 0
  return low + (high - low) * (at - Math.floor(at))
}

/** A dozen intervals are even by chance now and then, a hundred hardly ever. */
export function regularOf(intervals: number): number {
  return 0.75 + 0.12 * Math.min(1, Math.max(0, (60 - intervals) / 45))
}

/** The four scores in one. */
export function combine(
  { timing, size, histogram, duration }: BeaconScores,
  isRegular: boolean,
): number {
  const score = weights.timing * timing + weights.other * (size + histogram + duration)
  return isRegular ? score : Math.min(score, irregular)
}

/** Seconds as people say them. */
export function intervalText(seconds: number): string {
  if (seconds < 120) return `${hundredths(seconds)} s`
  return seconds < 7200 ? `${hundredths(seconds / 60)} min` : `${hundredths(seconds / 3600)} h`
}
