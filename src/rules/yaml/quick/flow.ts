import { type Entry, type Node } from '../node.ts'
import { type Cursor } from './cursor.ts'
import { deepest, longestKey } from './limits.ts'
import { isNull, plainScalar, quotedText, trimSpaces } from './scalar.ts'

/** `[…]` or `{…}` on one line, the cursor then behind it; undefined for what is written otherwise. */
export function flowNode(cursor: Cursor, depth: number): Node | undefined {
  if (depth > deepest) return undefined
  cursor.nodes++
  const offset = cursor.at
  const isList = cursor.text.charAt(cursor.at++) === '['
  cursor.skipSpaces()
  if (isList) {
    const items = flowItems(cursor, depth)
    return items && { type: 'list', items, offset }
  }
  const entries = flowEntries(cursor, depth)
  return entries && { type: 'map', entries, offset }
}

function flowItems(cursor: Cursor, depth: number): Node[] | undefined {
  const items: Node[] = []
  if (take(cursor, ']')) return items
  for (;;) {
    const item = flowValue(cursor, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
    cursor.skipSpaces()
    if (take(cursor, ']')) return items
    if (!take(cursor, ',')) return undefined
    cursor.skipSpaces()
  }
}

function flowEntries(cursor: Cursor, depth: number): Map<string, Entry> | undefined {
  const entries = new Map<string, Entry>()
  if (take(cursor, '}')) return entries
  for (;;) {
    const offset = cursor.at
    const key = flowKey(cursor)
    if (key === undefined || entries.has(key)) return undefined
    cursor.skipSpaces()
    const value = flowValue(cursor, depth + 1)
    if (value === undefined) return undefined
    entries.set(key, { offset, value })
    cursor.skipSpaces()
    if (take(cursor, '}')) return entries
    if (!take(cursor, ',')) return undefined
    cursor.skipSpaces()
  }
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text.charAt(cursor.at) !== character) return false
  cursor.at++
  return true
}

/** The key and its `: `. */
function flowKey(cursor: Cursor): string | undefined {
  const start = cursor.at
  const first = cursor.text.charAt(start)
  const quoted = first === "'" || first === '"'
  const key = quoted ? quotedText(cursor) : flowText(cursor)
  if (key === undefined || cursor.at - start > longestKey) return undefined
  if (!take(cursor, ':') || !cursor.isGap(0)) return undefined
  return quoted || isPlainKey(key) ? key : undefined
}

/** Keys that mean what they say. */
export function isPlainKey(key: string): boolean {
  return !(key === '<<' || isNull(key))
}

function flowValue(cursor: Cursor, depth: number): Node | undefined {
  const offset = cursor.at
  const first = cursor.text.charAt(offset)
  if (first === '[' || first === '{') return flowNode(cursor, depth)
  cursor.nodes++
  if (first === "'" || first === '"') {
    const text = quotedText(cursor)
    return text === undefined ? undefined : { type: 'scalar', value: text, text, offset }
  }
  const text = flowText(cursor)
  return text === undefined ? undefined : plainScalar(text, offset)
}

const plainInFlow =
  /(?:[^ \n,[\]{}:#&*!|>'"%@`?-]|[-:?](?=[^ \n,[\]{}]))(?:[^\n,[\]{}:#]|:(?=[^ \n,[\]{}])|(?<! )#)*/y

/** Plain text up to what ends it, without the spaces before that; undefined for what is none. */
function flowText(cursor: Cursor): string | undefined {
  plainInFlow.lastIndex = cursor.at
  const found = plainInFlow.exec(cursor.text)?.[0]
  if (found === undefined) return undefined
  const text = trimSpaces(found)
  cursor.at += text.length
  cursor.skipSpaces()
  return text
}
