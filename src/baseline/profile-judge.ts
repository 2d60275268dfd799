import { decode, encode, hoursKept, type Usual, usual, usualWhenActive } from './profile.ts'

/** How far a value is from what is usual, and what that is. */
export interface Judgement {
  /** Robust standard deviations above what is nearest to it of all that was usual before. */
  readonly z: number
  /** The same against what is usual at this hour of the day alone. */
  readonly hourZ: number
  /** Usual value, and the factor up or down that is usual around it. */
  readonly median: number
  readonly spread: number
  /** Hours that say so. */
  readonly hours: number
  readonly basis: 'hour-of-week' | 'hour-of-day' | 'all'
}

const week = 168
const day = 24
/** Hours of a kind below which they say nothing. */
const fewest = { week: 2, day: 3, all: 12 } as const
/** Of a normal distribution: the median deviation of one standard deviation. */
const normal = 1.4826

type Basis = readonly [name: Judgement['basis'], known: Usual | undefined, least: number]

/**
 * Compares the value of an hour with the same hour of the week, the same hour of the day and those
 * beside it, and all active hours. What is usual for any of them is usual: a backup at night, a busy
 * Monday. `floor` is the least spread, in ln. Undefined while too little is known.
 */
export function judge(
  history: Uint8Array,
  measure: number,
  hour: number,
  value: number,
  floor: number,
): Judgement | undefined {
  const all = usualWhenActive(history, measure)
  if (all === undefined || all.hours < fewest.all) return undefined
  const at = (when: number, period: number) => usual(history, measure, when, period)
  const bases: Basis[] = [
    ['hour-of-week', at(hour, week), fewest.week],
    ['hour-of-day', at(hour, day), fewest.day],
    ['hour-of-day', at(hour + 23, day), fewest.day],
    ['hour-of-day', at(hour + 1, day), fewest.day],
    ['all', all, fewest.all],
  ]
  const y = Math.log1p(value)
  const found = bases.flatMap(([basis, known, least]) =>
    known === undefined || known.hours < least ? [] : [compare(y, basis, known, floor)],
  )
  const nearest = found.reduce((one, other) => (other.z < one.z ? other : one))
  const ofHour = found.filter(({ basis }) => basis !== 'all').map(({ z }) => z)
  return { ...nearest, hourZ: ofHour.length === 0 ? nearest.z : Math.min(...ofHour) }
}

function compare(y: number, basis: Judgement['basis'], known: Usual, floor: number) {
  const scale = Math.max(floor, normal * known.deviation)
  const z = (y - known.median) / scale
  return { z, median: Math.expm1(known.median), spread: Math.exp(scale), hours: known.hours, basis }
}

/**
 * The highest values of a measure: of hours like others, and of hours that were out of the profile.
 * Hours of the day at which ten times the usual is usual, as those of a backup, count for themselves only.
 */
export function highest(
  history: Uint8Array,
  measure: number,
  hour: number,
): { readonly usual: number; readonly out: number } {
  const all = usualWhenActive(history, measure)?.median ?? 0
  const isPeak = (of: number) =>
    (usual(history, measure, of, day)?.median ?? 0) > all + Math.log(10) && of !== hour % day
  const counted = Array.from({ length: day }, (_, of) => !isPeak(of))
  let usualCode = 0
  let outCode = 0
  for (let at = 0; at < hoursKept; at++) {
    const code = counted[at % day] ? (history[measure * hoursKept + at] ?? 0) : 0
    if (code < 0x80) usualCode = Math.max(usualCode, code)
    else outCode = Math.max(outCode, code)
  }
  return { usual: sizeOf(usualCode), out: sizeOf(outCode) }
}

function sizeOf(code: number): number {
  return code === 0 ? 0 : decode(code)
}

/** The value that a measure exceeds in one active hour of fifty; 0 where nothing is known. */
export function highOf(history: Uint8Array, measure: number): number {
  const codes: number[] = []
  for (let at = measure * hoursKept; at < (measure + 1) * hoursKept; at++) {
    const code = history[at] ?? 0
    if (code > encode(0) && code < 0x80) codes.push(code)
  }
  if (codes.length < fewest.all) return 0
  codes.sort((a, b) => a - b)
  return decode(codes[Math.floor(codes.length * 0.98)] ?? 0)
}
