import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml'
import { Faults, type RuleFault } from '../fault.ts'
import { optimised } from '../unoptimised.ts'
import { type Conversion, convert, limits } from './convert.ts'
import { describeYamlError, tooDeep } from './error.ts'
import { type Node, type Source } from './node.ts'
import { readQuick } from './quick/read.ts'

/** The documents of one file: those with a fault in their YAML are only in `faults`. */
export interface YamlFile {
  readonly source: Source
  readonly documents: readonly Node[]
  readonly faults: readonly RuleFault[]
}

/** Characters of a rule file that are read. */
const largestFile = 1 << 22

/**
 * A YAML 1.2 stream as nodes with offsets. Never throws: a file too big, too deep, or unfolding to
 * too much by aliases is a fault; keys must be unique. A fault of syntax spoils its document only.
 */
export function readYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  const documents = text.length > largestFile ? undefined : readQuick(text, lines.addNewLine)
  if (documents === undefined) return optimised(() => readWhole(text, file))
  return { source: { file, place: offset => placeOf(lines, offset) }, documents, faults: [] }
}

/** The same by the library alone: what `readQuick` is measured by. */
export function readWhole(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  const source: Source = { file, place: offset => placeOf(lines, offset) }
  const faults = new Faults(source)
  const reject = (message: string) => {
    faults.error(0, message)
    return { source, documents: [], faults: faults.list }
  }
  if (text.length > largestFile) {
    return reject(`is ${text.length} characters long, allowed are ${largestFile}; split the file`)
  }
  try {
    const tokens = tokensOf(text, lines)
    if (tokens === undefined) return reject(tooDeep)
    const budget: Conversion = { faults, anchors: new Map(), nodes: 0 }
    const documents = Array.from(new Composer(options).compose(tokens))
    return {
      source,
      documents: documents.flatMap(one => nodesOf(one, budget)),
      faults: faults.list,
    }
  } catch (error) {
    if (error instanceof RangeError) return reject(tooDeep)
    return reject(`not valid YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

// The library compares every key with every other; `convert` does it with a map.
const options = { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const

function placeOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

/** The tokens of the stream; undefined when they nest too deeply for what reads them next. */
function tokensOf(text: string, lines: LineCounter): CST.Token[] | undefined {
  const parser = new Parser(lines.addNewLine)
  const tokens: CST.Token[] = []
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    // The composer recurses: deep enough, it takes the process with it.
    if (parser.stack.length > deepestTokens) return undefined
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

const deepestTokens = 2 * limits.depth

function nodesOf(document: Document.Parsed, budget: Conversion): Node[] {
  const { faults } = budget
  const problems = [...document.errors, ...document.warnings]
  for (const error of problems) faults.error(error.pos[0], describeYamlError(error))
  if (problems.length > 0 || document.contents === null) return []
  budget.anchors.clear()
  const before = faults.list.length
  const node = convert(document.contents, budget, 0)
  return node === undefined || faults.list.length > before ? [] : [node]
}
