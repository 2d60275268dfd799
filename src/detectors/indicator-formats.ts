import { parseMisp } from './indicator-misp.ts'
import { parseStix } from './indicator-stix.ts'
import { recognise, type Skipped, skip, type Take } from './indicator-value.ts'

/**
 * Reads a list: STIX 2.1 or MISP in JSON, CSV, a hosts file, or one indicator a line; which, its content
 * says. Yields now and then, so that something else may be done. Throws a plain error, with the place,
 * for JSON that is none.
 */
export function* readIndicators(text: string, take: Take, skipped: Skipped): Generator<void> {
  const start = text.slice(0, 4096).trimStart()
  if (!start.startsWith('{') && !/^\[\s*[{\]]/.test(start)) {
    yield* readLines(text, take, skipped)
    return
  }
  const json: unknown = JSON.parse(text)
  if (!parseStix(json, take, skipped) && !parseMisp(json, take, skipped)) {
    throw new Error('it is JSON but neither a STIX 2.1 bundle nor MISP events')
  }
}

/** Columns that hold the indicator, and those that say something about it, as feeds name them. */
const valueColumn =
  /^(indicator|ioc|value|ioc_value|domain|host|hostname|fqdn|ip|ip_address|dst_ip|address|cidr|network|ja3|ja3_md5|ja4|sha1|sha256|fingerprint|url)$/
const labelColumn =
  /^(description|label|reason|listingreason|malware|malware_printable|threat|comment|tags)$/
const untilColumn = /^(expires|expiry|valid_until|expiration|until)$/

interface Columns {
  readonly values: readonly number[]
  readonly label: number
  readonly until: number
}

/** Lines between two pauses. */
const breath = 4096

function* readLines(text: string, take: Take, skipped: Skipped): Generator<void> {
  let columns: Columns | undefined
  let number = 0
  for (const line of linesOf(text)) {
    if (++number % breath === 0) yield
    if (line === '') continue
    const found = columns === undefined ? header(line) : undefined
    if (found !== undefined) columns = found
    else if (!/^(#|;|\/\/|!)/.test(line) && !parseLine(line, columns, take)) skip(skipped, number)
  }
}

function* linesOf(text: string): Generator<string> {
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf('\n', from)
    yield text.slice(from, end < 0 ? text.length : end).trim()
    from = end < 0 ? text.length + 1 : end + 1
  }
}

/** The columns, of a line that names some; abuse.ch writes it as a comment. */
function header(line: string): Columns | undefined {
  if (!line.includes(',') && !line.includes(';') && !line.includes('\t')) return undefined
  const names = cellsOf(line.replace(/^#\s*/, '')).map(cell => cell.toLowerCase())
  const values = names.flatMap((name, index) => (valueColumn.test(name) ? [index] : []))
  if (values.length === 0 || names.some(name => recognise(name) !== undefined)) return undefined
  const label = names.findIndex(name => labelColumn.test(name))
  return { values, label, until: names.findIndex(name => untilColumn.test(name)) }
}

function parseLine(line: string, columns: Columns | undefined, take: Take): boolean {
  if (/[,;\t]/.test(line) && !/^\S+\s+[#;/]/.test(line))
    return parseRow(cellsOf(line), columns, take)
  const [first = '', second, ...rest] = line.split(/\s+/)
  // A hosts file: what is behind an address that leads nowhere.
  if (second !== undefined && /^(0\.0\.0\.0|127\.0\.0\.1|::1?)$/.test(first)) {
    return takeOne(second, undefined, undefined, take)
  }
  const comment =
    second === undefined ? undefined : [second, ...rest].join(' ').replace(/^[#;/\s]+/, '')
  return takeOne(first, comment, undefined, take)
}

function parseRow(cells: readonly string[], columns: Columns | undefined, take: Take): boolean {
  const wanted = columns?.values.map(index => cells[index] ?? '') ?? cells
  const label = columns === undefined ? undefined : cells[columns.label]
  const until = Date.parse((columns && cells[columns.until]) ?? '')
  const end = Number.isNaN(until) ? undefined : until
  let taken = false
  for (const cell of wanted) {
    if (cell === '' || !takeOne(cell, label, end, take)) continue
    taken = true
    if (columns === undefined) break
  }
  return taken
}

function takeOne(
  text: string,
  label: string | undefined,
  until: number | undefined,
  take: Take,
): boolean {
  const indicator = recognise(text)
  if (indicator !== undefined) take(indicator, label, until)
  return indicator !== undefined
}

/** RFC 4180, with the separator that the line has most of. */
function cellsOf(line: string): string[] {
  const separator = ['\t', ';', ','].reduce((best, one) =>
    line.split(one).length >= line.split(best).length ? one : best,
  )
  if (!line.includes('"')) return line.split(separator).map(cell => cell.trim())
  const cells: string[] = ['']
  let isQuoted = false
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted
    else if (letter === separator && !isQuoted) cells.push('')
    else cells.push(`${cells.pop() ?? ''}${letter}`)
  }
  return cells.map(cell => cell.trim())
}
