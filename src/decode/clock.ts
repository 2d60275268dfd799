/** From the clock of the records to Unix time: `offset` µs are added to a record's time. */
export interface Clock {
  readonly offset: number
}

/** The clock of records that carry Unix time already, as in a replay. */
export const unixClock: Clock = { offset: 0 }

/** A clock whose records count from `offsetNs` nanoseconds after the Unix epoch (CLOCK_MONOTONIC). */
export function clockFrom(offsetNs: bigint): Clock {
  return { offset: Number(offsetNs / 1000n) + Number(offsetNs % 1000n) / 1000 }
}

/**
 * The nanosecond counter (u64, little-endian) at `offset` as µs since the Unix epoch, to 0.25 µs.
 * In halves, because a double cannot hold today's Unix time in nanoseconds.
 */
export function microseconds(view: DataView, offset: number, clock: Clock): number {
  const high = view.getUint32(offset + 4, true)
  const low = view.getUint32(offset, true)
  const rest = high % 1000
  const whole = ((high - rest) / 1000) * 4294967296
  return whole + (rest * 4294967296 + low) / 1000 + clock.offset
}

/** Nanoseconds from the counter at `from` to the counter at `to`, 0 when they run backwards. */
export function nanosecondsBetween(view: DataView, from: number, to: number): number {
  const high = view.getUint32(to + 4, true) - view.getUint32(from + 4, true)
  const low = view.getUint32(to, true) - view.getUint32(from, true)
  return Math.max(0, high * 4294967296 + low)
}

/** A u64 counter (little-endian) as a number; exact below 2^53. */
export function unsigned64(view: DataView, offset: number): number {
  const high = view.getUint32(offset + 4, true)
  const low = view.getUint32(offset, true)
  // Apart, as V8 boxes what came of an arithmetic beyond 32 bits.
  return high === 0 ? low : high * 4294967296 + low
}

/** ISO 8601 in UTC with six digits of fraction; `time` in µs since the Unix epoch. */
export function isoTime(time: number): string {
  const whole = Math.floor(time)
  const milliseconds = Math.floor(whole / 1000)
  const rest = whole - milliseconds * 1000
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/**
 * The minute that is nearest to a time (µs since the Unix epoch), for ids: who records a packet and who
 * watches it stamp it some µs apart. Not the minute that runs: programs begin on the full minute.
 */
export function nearestMinute(time: number): number {
  return Math.round(time / 60e6)
}

/**
 * The same of the hour, for what is found among flows that nobody answered: these are told of in any
 * order, when somebody looks after them, which may be seconds later in a recording.
 */
export function nearestHour(time: number): number {
  return Math.round(time / 3600e6)
}
