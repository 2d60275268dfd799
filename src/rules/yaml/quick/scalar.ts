import { type ScalarNode } from '../node.ts'
import { type Cursor } from './cursor.ts'

const space = 32
const backslash = 92

/** A plain scalar by the core schema of YAML 1.2. */
export function plainScalar(text: string, offset: number): ScalarNode {
  return { type: 'scalar', value: resolve(text), text, offset }
}

/** Letters, and all else that no number, boolean or null begins with. */
function resolve(text: string): ScalarNode['value'] {
  if (!/^[-+.\d~nNtTfF]/.test(text)) return text
  if (isNull(text)) return null
  if (/^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/.test(text)) return text.charAt(0).toLowerCase() === 't'
  if (/^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return Number(text)
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text)
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : text
}

/** Whether plain text stands for no value. */
export function isNull(text: string): boolean {
  return /^(?:~|[Nn]ull|NULL)$/.test(text)
}

/** The text in quotes at the cursor, which then stands behind them; undefined over several lines. */
export function quotedText(cursor: Cursor): string | undefined {
  const { text, at } = cursor
  const quote = text.charAt(at)
  const end = quote === "'" ? singleEnd(text, at + 1) : doubleEnd(text, at + 1)
  if (end < 0) return undefined
  const inner = text.slice(at + 1, end)
  if (inner.includes('\n')) return undefined
  cursor.at = end + 1
  if (quote === "'") return inner.includes("'") ? inner.replaceAll("''", "'") : inner
  return inner.includes('\\') ? unescaped(inner) : inner
}

function singleEnd(text: string, from: number): number {
  let end = text.indexOf("'", from)
  while (end >= 0 && text.charAt(end + 1) === "'") end = text.indexOf("'", end + 2)
  return end
}

function doubleEnd(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end >= 0 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number, from: number): boolean {
  let before = at
  while (before > from && text.charCodeAt(before - 1) === backslash) before--
  return (at - before) % 2 === 1
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  '/': '/',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Undefined for the escapes that are seldom written. */
function unescaped(text: string): string | undefined {
  let made = ''
  let from = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
    const meaning = escapes[text.charAt(at + 1)]
    if (meaning === undefined) return undefined
    made += text.slice(from, at) + meaning
    from = at + 2
  }
  return made + text.slice(from)
}

/** Without the spaces at its end: other blanks are text. */
export function trimSpaces(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === space) end--
  return end === text.length ? text : text.slice(0, end)
}
