import { type Entry, type Node } from '../node.ts'
import { type Cursor } from './cursor.ts'
import { flowNode, isPlainKey } from './flow.ts'
import { deepest, longestKey } from './limits.ts'
import { blockText } from './literal.ts'
import { plainScalar, quotedText, trimSpaces } from './scalar.ts'

const dash = 45
const colon = 58

/** The map or list that begins at the cursor's line. */
export function blockNode(cursor: Cursor, depth: number): Node | undefined {
  return isItem(cursor) ? list(cursor, depth) : map(cursor, cursor.indent, depth)
}

function isItem(cursor: Cursor): boolean {
  return cursor.code() === dash && cursor.isGap(1)
}

/** The cursor stands at the first key, `indent` is its column. */
function map(cursor: Cursor, indent: number, depth: number): Node | undefined {
  if (depth > deepest) return undefined
  cursor.nodes++
  const offset = cursor.at
  const entries = new Map<string, Entry>()
  // A compact map in a list starts behind the content of its line.
  cursor.indent = indent
  while (cursor.indent === indent) {
    const place = cursor.at
    const key = keyText(cursor)
    if (key === undefined || entries.has(key)) return undefined
    const value = entryValue(cursor, indent, depth + 1)
    if (value === undefined) return undefined
    entries.set(key, { offset: place, value })
  }
  return cursor.indent > indent ? undefined : { type: 'map', entries, offset }
}

/** The key with its colon. */
function keyText(cursor: Cursor): string | undefined {
  const start = cursor.at
  const first = cursor.text.charAt(start)
  const quoted = first === "'" || first === '"'
  const key = quoted ? quotedText(cursor) : plainKey(cursor)
  if (key === undefined || cursor.code() !== colon || !cursor.isGap(1)) return undefined
  if (cursor.at - start > longestKey) return undefined
  cursor.at++
  return quoted || isPlainKey(key) ? key : undefined
}

const plainStart = /[^ \n,[\]{}#&*!|>'"%@`:?-]|[-:?](?=[^ \n])/y
const keyRest = /(?:[^\n:#]|:(?=[^ \n])|(?<! )#)+/y

function plainKey(cursor: Cursor): string | undefined {
  if (!isPlain(cursor)) return undefined
  keyRest.lastIndex = cursor.at
  const text = keyRest.exec(cursor.text)?.[0]
  if (text === undefined) return undefined
  cursor.at += text.length
  return trimSpaces(text)
}

function isPlain(cursor: Cursor): boolean {
  plainStart.lastIndex = cursor.at
  return plainStart.test(cursor.text)
}

/** What stands behind `key:`, on its line or below it. */
function entryValue(cursor: Cursor, indent: number, depth: number): Node | undefined {
  cursor.skipSpaces()
  if (!cursor.isLineOver()) return inlineValue(cursor, indent, depth)
  cursor.nextLine()
  if (cursor.indent > indent) return blockNode(cursor, depth)
  return cursor.indent === indent && isItem(cursor) ? list(cursor, depth) : undefined
}

function list(cursor: Cursor, depth: number): Node | undefined {
  if (depth > deepest) return undefined
  cursor.nodes++
  const offset = cursor.at
  const { indent } = cursor
  const items: Node[] = []
  while (cursor.indent === indent && isItem(cursor)) {
    const item = listItem(cursor, indent, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return cursor.indent > indent ? undefined : { type: 'list', items, offset }
}

function listItem(cursor: Cursor, indent: number, depth: number): Node | undefined {
  const start = cursor.at
  cursor.at++
  cursor.skipSpaces()
  if (cursor.isLineOver()) {
    cursor.nextLine()
    return cursor.indent > indent ? blockNode(cursor, depth) : undefined
  }
  const { at } = cursor
  if (!isEntry(cursor)) return inlineValue(cursor, indent, depth)
  cursor.at = at
  return map(cursor, indent + at - start, depth)
}

/** Whether the line goes on with a key; the cursor stays where it is when it does not. */
function isEntry(cursor: Cursor): boolean {
  const { at } = cursor
  const found = keyText(cursor) !== undefined
  cursor.at = at
  return found
}

/** A value on the line of its key or dash; the cursor then stands at the next line's content. */
function inlineValue(cursor: Cursor, indent: number, depth: number): Node | undefined {
  const offset = cursor.at
  const first = cursor.text.charAt(offset)
  if (first === '|' || first === '>') return blockText(cursor, indent)
  const node =
    first === '[' || first === '{' ? flowNode(cursor, depth) : scalar(cursor, first, offset)
  if (node === undefined) return undefined
  cursor.skipSpaces()
  if (!cursor.isLineOver()) return undefined
  cursor.nextLine()
  // What is indented deeper goes on with the text, or is a fault.
  return cursor.indent > indent ? undefined : node
}

function scalar(cursor: Cursor, first: string, offset: number): Node | undefined {
  cursor.nodes++
  if (first === "'" || first === '"') {
    const text = quotedText(cursor)
    return text === undefined ? undefined : { type: 'scalar', value: text, text, offset }
  }
  if (!isPlain(cursor)) return undefined
  const line = cursor.text.slice(offset, cursor.lineEnd())
  const comment = line.indexOf(' #')
  const text = trimSpaces(comment < 0 ? line : line.slice(0, comment))
  if (text.includes(': ') || text.endsWith(':')) return undefined
  cursor.at = offset + text.length
  return plainScalar(text, offset)
}
