/**
 * What a device does in an hour, for two weeks: one byte for each measure and hour. Statistics are
 * medians and median deviations of log1p(value), so that neither a burst nor a quiet day moves them.
 */

/** What is counted, in the order of the bytes. */
export const measures = ['bytes-out', 'flows', 'destinations', 'dns-queries', 'nxdomains'] as const
export type Measure = (typeof measures)[number]

/** Two weeks: each hour of the week twice. */
export const hoursKept = 336
export const historyBytes = hoursKept * measures.length

/** Steps of ln(1 + value): a quarter is 28 %. */
const steps = 4
const most = 127
/** The hour was out of the profile: it counts for nothing until such hours are the usual ones. */
const flagged = 0x80

/** 0 is an hour that nobody watched. */
export function encode(value: number): number {
  return Math.min(most, 1 + Math.round(Math.log1p(Math.max(0, value)) * steps))
}

/** The value in the middle of those that have this code. */
export function decode(code: number): number {
  return Math.expm1(((code & most) - 1) / steps)
}

/** Where the value of a measure in an hour (hours since the epoch) lies. */
function place(measure: number, hour: number): number {
  return measure * hoursKept + (hour % hoursKept)
}

export function remember(
  history: Uint8Array,
  measure: number,
  hour: number,
  value: number,
  isOut: boolean,
): void {
  history[place(measure, hour)] = encode(value) | (isOut ? flagged : 0)
}

/** Nobody watched in that hour. */
export function blank(history: Uint8Array, hour: number): void {
  for (let measure = 0; measure < measures.length; measure++) history[place(measure, hour)] = 0
}

/** Hours of the history that were watched, and those in which the device opened a conversation. */
export function known(history: Uint8Array): { readonly watched: number; readonly active: number } {
  let watched = 0
  let active = 0
  for (let hour = 0; hour < hoursKept; hour++) {
    const code = history[place(1, hour)] ?? 0
    if (code !== 0) watched++
    if ((code & most) > 1) active++
  }
  return { watched, active }
}

/** What a measure usually is, at some hours. Logarithms: ln(1 + value). */
export interface Usual {
  readonly median: number
  /** Median of the deviations from the median. */
  readonly deviation: number
  readonly hours: number
}

const counts = new Uint16Array(most + 1)
const counted = { all: 0, flagged: 0 }

/** Of the hours before `hour` that are a multiple of `period` away from it. */
export function usual(
  history: Uint8Array,
  measure: number,
  hour: number,
  period: number,
): Usual | undefined {
  const trusted = count(history, measure, hour, period)
  return trusted === 0 ? undefined : summarise(trusted)
}

/** Of all hours in which there was something to count. */
export function usualWhenActive(history: Uint8Array, measure: number): Usual | undefined {
  count(history, measure, 0, 1)
  counts[1] = 0
  let hours = 0
  for (let code = 2; code <= most; code++) hours += counts[code] ?? 0
  return hours === 0 ? undefined : summarise(hours)
}

/** Fills `counts`; where flagged hours are the half of all, they are the usual ones by now. */
function count(history: Uint8Array, measure: number, hour: number, period: number): number {
  tally(history, measure, hour, period, false)
  if (counted.flagged === 0) return counted.all
  if (counted.flagged * 2 >= counted.all) {
    tally(history, measure, hour, period, true)
    return counted.all
  }
  return counted.all - counted.flagged
}

function tally(
  history: Uint8Array,
  measure: number,
  hour: number,
  period: number,
  withFlagged: boolean,
): void {
  counts.fill(0)
  counted.all = 0
  counted.flagged = 0
  const base = measure * hoursKept
  for (let at = hour % period; at < hoursKept; at += period) {
    const code = history[base + at] ?? 0
    if (code === 0) continue
    counted.all++
    if (code > most) counted.flagged++
    if (code <= most || withFlagged) counts[code & most] = (counts[code & most] ?? 0) + 1
  }
}

function summarise(hours: number): Usual {
  const middle = medianCode(hours)
  const deviation = deviationFrom(middle, hours)
  return { median: (middle / 2 - 1) / steps, deviation: deviation / 2 / steps, hours }
}

/** Twice the code in the middle, which may lie between two. */
function medianCode(hours: number): number {
  const half = (hours + 1) / 2
  const low = rank(Math.floor(half))
  return hours % 2 === 1 ? low * 2 : low + rank(Math.ceil(half))
}

/** The code of the n-th hour in ascending order. */
function rank(n: number): number {
  let left = n
  for (let code = 1; code <= most; code++) {
    left -= counts[code] ?? 0
    if (left <= 0) return code
  }
  return most
}

/** Twice the distance from `middle` (twice a code) within which half of the hours are. */
function deviationFrom(middle: number, hours: number): number {
  let left = (hours + 1) / 2
  // Codes are whole: every second distance from twice one meets another.
  for (let distance = middle % 2; distance <= 2 * most; distance += 2) {
    left -= counted2(middle - distance)
    if (distance > 0) left -= counted2(middle + distance)
    if (left <= 0) return distance
  }
  return 2 * most
}

function counted2(twice: number): number {
  const code = twice >> 1
  return code > 0 && code <= most ? (counts[code] ?? 0) : 0
}
