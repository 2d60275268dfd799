import { type ScalarNode } from '../node.ts'
import { type Cursor } from './cursor.ts'
import { trimSpaces } from './scalar.ts'

/**
 * The lines below `|`, `>`, `|-` or `>-`, the cursor then at the content behind them. `indent` is
 * that of the map or list around it. Undefined for other headers, and where the indentation is not
 * plain.
 */
export function blockText(cursor: Cursor, indent: number): ScalarNode | undefined {
  cursor.nodes++
  const offset = cursor.at
  const header = trimSpaces(cursor.text.slice(offset, cursor.lineEnd()))
  if (!/^[|>]-?$/.test(header)) return undefined
  cursor.at = cursor.lineEnd() + 1
  const lines = linesOf(cursor, indent)
  if (lines === undefined) return undefined
  cursor.findContent()
  if (cursor.indent > indent) return undefined
  while (lines.at(-1) === '') lines.pop()
  const inner = header.startsWith('|') ? lines.join('\n') : folded(lines)
  if (inner === undefined) return undefined
  const text = header.endsWith('-') ? inner : `${inner}\n`
  return { type: 'scalar', value: text, text, offset }
}

/** The lines without their indentation, which that of the first decides. */
function linesOf(cursor: Cursor, indent: number): string[] | undefined {
  const { text, at } = cursor
  const width = widthAt(text, at)
  // Empty lines before the first that has text may be a fault.
  if (width <= indent || text.charAt(at + width) === '\n') return undefined
  const lines: string[] = []
  while (cursor.at < text.length) {
    const end = cursor.lineEnd()
    // Without a last newline it depends on the reader what the text ends with.
    if (end === text.length) return undefined
    const line = text.slice(cursor.at, end)
    const found = line.search(/[^ ]/)
    if (found >= 0 && found < width) return found <= indent ? lines : undefined
    lines.push(line.slice(width))
    cursor.passLine()
  }
  return lines
}

function widthAt(text: string, at: number): number {
  let end = at
  while (text.charAt(end) === ' ') end++
  return end - at
}

/** Lines as one, empty ones as line ends; undefined where some are indented further. */
function folded(lines: readonly string[]): string | undefined {
  if (lines.some(line => line.startsWith(' '))) return undefined
  let text = ''
  for (const [index, line] of lines.entries()) {
    const joint = line === '' ? '\n' : index > 0 && lines[index - 1] !== '' ? ' ' : ''
    text += joint + line
  }
  return text
}
