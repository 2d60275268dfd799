import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { type Fault } from './fault.ts'

/** A parsed file: its plain value, or its faults; `at` finds the place of a value or of its key. */
export interface Parsed {
  readonly value: unknown
  readonly faults: readonly Fault[]
  at(path: readonly string[], part: 'key' | 'value'): { line: number; column: number }
}

/** YAML 1.2 text to a plain value with positions. Never throws; aliases expand at most 100 times. */
export function parseYaml(text: string, file: string): Parsed {
  const lines = new LineCounter()
  const fault = (offset: number, message: string): Fault => ({
    file,
    ...place(lines, offset),
    message,
  })
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const at: Parsed['at'] = (path, part) => place(lines, find(document, path, part))
    const faults = [...document.errors, ...document.warnings]
      .filter((error, index, all) => error.pos[0] !== all[index - 1]?.pos[0])
      .map(error => fault(error.pos[0], say(error)))
    if (faults.length === 0) faults.push(...danglingAliases(document, fault))
    if (faults.length > 0) return { value: undefined, faults, at }
    return { value: document.toJS({ maxAliasCount: 100 }), faults: [], at }
  } catch (error) {
    return { value: undefined, faults: [fault(0, tooMuch(error))], at: () => place(lines, 0) }
  }
}

function danglingAliases(
  document: Document.Parsed,
  fault: (offset: number, message: string) => Fault,
): Fault[] {
  const faults: Fault[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return
      faults.push(fault(start(alias, 0), `no \`&${alias.source}\` comes before this alias`))
    },
  })
  return faults
}

function place(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

/** Offset of the deepest node of `path` that is in the text: of its key, or of its value. */
function find(document: Document.Parsed, path: readonly string[], part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = start(node, 0)
  for (const [index, key] of path.entries()) {
    const step = enter(isAlias(node) ? node.resolve(document) : node, key)
    if (step === undefined) return offset
    const before = start(step.key, offset)
    node = step.value
    offset = part === 'key' && index === path.length - 1 ? before : start(node, before)
  }
  return offset
}

function enter(node: unknown, key: string): { key?: unknown; value: unknown } | undefined {
  if (isMap(node)) return pairOf(node, key)
  return isSeq(node) ? { value: node.items[Number(key)] } : undefined
}

function pairOf(map: YAMLMap<unknown, unknown>, key: string) {
  return map.items.find(pair => String(isScalar(pair.key) ? pair.key.value : pair.key) === key)
}

function start(node: unknown, otherwise: number): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? otherwise) : otherwise
}

const tooDeep = 'nested too deeply to be read'

const said: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key is in the map already; keep one of the two',
  MULTIPLE_DOCS: 'a second document starts here; one file holds one document',
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
}

function say({ code, message }: YAMLError): string {
  if (/call stack/.test(message)) return tooDeep
  return said[code] ?? `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

function tooMuch(error: unknown): string {
  if (error instanceof RangeError) return tooDeep
  if (error instanceof ReferenceError && /alias count/.test(error.message)) {
    return 'its aliases unfold to too much; write the values out'
  }
  return `not valid YAML: ${error instanceof Error ? error.message : String(error)}`
}
