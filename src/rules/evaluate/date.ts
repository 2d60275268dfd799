import { type DatePart } from '../ast.ts'
import { type FieldValue } from '../fields.ts'

const dateText =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$/i

/**
 * A piece of a date as it is written, without moving it to another time zone; of a number (seconds,
 * ms, µs or ns since 1970, told apart by size) in UTC. Weeks are those of ISO 8601. NaN for what is
 * no date.
 */
export function datePart(value: FieldValue, part: DatePart): number {
  const date = typeof value === 'number' ? fromNumber(value) : fromText(value)
  return date === undefined || Number.isNaN(date.getTime()) ? Number.NaN : pieces[part](date)
}

const pieces: Readonly<Record<DatePart, (date: Date) => number>> = {
  minute: date => date.getUTCMinutes(),
  hour: date => date.getUTCHours(),
  day: date => date.getUTCDate(),
  week: isoWeek,
  month: date => date.getUTCMonth() + 1,
  year: date => date.getUTCFullYear(),
}

/** The clock on the wall of the text, as if it were UTC. */
function fromText(value: FieldValue): Date | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined
  const found = dateText.exec(value)
  if (found === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = found.slice(1).map(Number)
  const date = new Date(Date.UTC(year, month - 1, day, hour || 0, minute || 0))
  // 30 February is no date.
  return date.getUTCDate() === day && date.getUTCMonth() === month - 1 ? date : undefined
}

function fromNumber(value: number): Date {
  const size = Math.abs(value)
  if (size < 1e11) return new Date(value * 1000)
  if (size < 1e14) return new Date(value)
  return new Date(size < 1e17 ? value / 1000 : value / 1e6)
}

/** ISO 8601: the week of a date is that of its Thursday. */
function isoWeek(date: Date): number {
  const day = date.getUTCDay() || 7
  const thursday = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 4 - day)
  const yearStart = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1)
  return Math.floor((thursday - yearStart) / 604_800_000) + 1
}
