import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type RuleFault } from './fault.ts'
import { type ParsedRules, type ParseOptions, parseRules } from './parse/document.ts'

const largestFile = 1 << 22
const mostFiles = 100_000

/**
 * Reads rule files, and of folders every `*.yml` and `*.yaml` below them (not `*.test.yml`, nor what
 * starts with a dot), in the order of their names. What cannot be read is a fault.
 */
export function readRules(paths: readonly string[], options: ParseOptions = {}): ParsedRules {
  const parsed = listFiles(paths).map(found => {
    const text = typeof found === 'string' ? readText(found) : found
    return typeof text === 'string' ? parseRules(text, String(found), options) : unreadable(text)
  })
  return {
    documents: parsed.flatMap(one => one.documents),
    invalid: parsed.flatMap(one => one.invalid),
    faults: parsed.flatMap(one => one.faults),
  }
}

/** The rule files in these paths; a fault for what is neither a file nor a folder. */
export function listFiles(paths: readonly string[]): (string | RuleFault)[] {
  const found = new Map<string, string | RuleFault>()
  for (const path of paths) {
    try {
      if (!statSync(path).isDirectory()) found.set(path, path)
      else for (const file of walk(path)) found.set(file, file)
    } catch (error) {
      found.set(path, fault(path, reasonOf(error)))
    }
  }
  return [...found.values()].slice(0, mostFiles)
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return walk(path)
      return /\.ya?ml$/.test(entry.name) && !/\.test\.ya?ml$/.test(entry.name) ? [path] : []
    })
}

function readText(file: string): string | RuleFault {
  try {
    const { size } = statSync(file)
    if (size > largestFile) return fault(file, `is ${size} bytes long, allowed are ${largestFile}`)
    const bytes = readFileSync(file)
    if (!isUtf8(bytes)) return fault(file, 'is not UTF-8 text')
    return bytes.toString('utf8').replace(/^\ufeff/, '')
  } catch (error) {
    return fault(file, reasonOf(error))
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file or folder'
  if (code === 'EACCES') return 'may not be read by this user'
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
}

function fault(file: string, message: string): RuleFault {
  return { file, line: 1, column: 1, message, severity: 'error' }
}

function unreadable(found: RuleFault): ParsedRules {
  const { file, line } = found
  const invalid = [{ file, line, id: undefined, title: undefined, faults: [found] }]
  return { documents: [], invalid, faults: [found] }
}
