import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type CorrelationRule, type DetectionRule } from '../ast.ts'
import { Faults, quote, type RuleFault } from '../fault.ts'
import { Attributes, textOf } from '../parse/attributes.ts'
import { type Node } from '../yaml/node.ts'
import { readYaml } from '../yaml/read.ts'
import { type RuleTest } from './spec.ts'

interface Found {
  readonly tests: readonly RuleTest[]
  readonly faults: readonly RuleFault[]
}

const none: Found = { tests: [], faults: [] }

/**
 * The tests that `regression_tests_path` of a rule points to, as SigmaHQ keeps them: paths from the
 * root of the repository, which is the first folder above the rule where they lead somewhere.
 */
export function regressionTests({ source, meta }: DetectionRule | CorrelationRule): Found {
  const node = meta.custom.get('regression_tests_path')
  const path = node && textOf(node)
  if (node === undefined || path === undefined || path === '') return none
  const faults = new Faults(source)
  const file = findAbove(source.file, path)
  if (file === undefined) {
    faults.error(node.offset, `no folder above the rule has ${quote(path)}`)
    return { tests: [], faults: faults.list }
  }
  return readInfo(file)
}

function findAbove(from: string, path: string): string | undefined {
  for (let folder = dirname(resolve(from)); ; folder = dirname(folder)) {
    const file = join(folder, path)
    if (existsSync(file)) return file
    if (folder === dirname(folder)) return undefined
  }
}

function readInfo(file: string): Found {
  const { source, documents, faults: found } = readYaml(readFileSync(file, 'utf8'), file)
  const faults = new Faults(source)
  const [first] = documents
  const list = first?.type === 'map' ? first.entries.get('regression_tests_info')?.value : undefined
  if (list?.type !== 'list') {
    if (found.length === 0) faults.error(0, 'there is no list `regression_tests_info`')
    return { tests: [], faults: [...found, ...faults.list] }
  }
  const tests = list.items.flatMap(item => testOf(item, faults) ?? [])
  return { tests, faults: [...found, ...faults.list] }
}

function testOf(node: Node, faults: Faults): RuleTest | undefined {
  if (node.type !== 'map') return faults.error(node.offset, 'a test is a map of name, type, path')
  const read = new Attributes(node, faults)
  const name = read.text('name', 256) ?? 'regression test'
  const type = read.demanded('type', 64)
  const path = read.demanded('path', 4096)
  if (type === undefined || path === undefined) return undefined
  if (type !== 'json') {
    const text = `the test ${quote(name)} is left out: its type is ${quote(type)}, only json is read`
    return faults.warn(read.offset('type'), text)
  }
  const count = Number(read.text('match_count', 16) ?? 1)
  if (!Number.isInteger(count) || count < 0) {
    return faults.error(read.offset('match_count'), '`match_count` is a whole number')
  }
  const { source } = faults
  const file = findAbove(source.file, path)
  if (file === undefined) {
    return faults.error(read.offset('path'), `no folder above this file has ${quote(path)}`)
  }
  const expect = { least: count, most: count, level: undefined, fields: new Map(), matched: [] }
  return {
    name,
    source,
    offset: node.offset,
    steps: { form: 'json', file },
    expect,
    because: undefined,
  }
}
