import { existsSync, readFileSync } from 'node:fs'
import { type CorrelationRule, type DetectionRule } from '../ast.ts'
import { type RuleFault } from '../fault.ts'
import { type LinkedCorrelation, type LinkedRule, type RuleSet } from '../link/set.ts'
import { readYaml } from '../yaml/read.ts'
import { detectionEngine, programsOf } from './engine.ts'
import { type ReadCapture, type ReadyTest, readyTest } from './inputs.ts'
import { selectionNames, withoutSelection } from './mutate.ts'
import { parseTests } from './parse.ts'
import { regressionTests } from './regression.ts'
import { type OpenEngine, runTest } from './run.ts'
import { baselineEngine, correlationEngine, partsOf } from './set-engine.ts'
import { type RuleTest, type TestNode } from './spec.ts'

/** The outcome of one test or mutant. */
export interface TestResult {
  readonly name: string
  readonly line: number
  readonly failures: readonly string[]
  /** Of a mutant: the selection that was left out. */
  readonly mutant: string | undefined
  readonly milliseconds: number
}

/** All tests of a rule. */
export interface RuleResult {
  readonly file: string
  readonly id: string | undefined
  readonly title: string
  readonly tests: readonly TestResult[]
  /** Of the tests themselves: a fault keeps its test from running. */
  readonly faults: readonly RuleFault[]
}

export interface SuiteOptions {
  /** Leaves out each selection and filter in turn: a test must fail then. */
  readonly mutate?: boolean
  readonly open?: OpenEngine
  /** For tests with `pcap`, which fail without it. */
  readonly readCapture?: ReadCapture
}

/**
 * Runs the tests of a rule: those inside, those in the sidecar (`<rule>.test.yml`), and those that
 * `regression_tests_path` points to.
 */
export async function testRule(
  linked: LinkedRule,
  options: SuiteOptions = {},
): Promise<RuleResult> {
  const usual = linked.rule.extensions.has('baseline') ? baselineEngine : detectionEngine
  const { mutate = false, open = usual } = options
  const { tests, faults } = await testsOf(linked.rule, options)
  const results = tests.map(test => timed(test, undefined, () => runTest(test, linked, open)))
  const mutants = mutate && tests.length > 0 ? runMutants(tests, linked, open) : []
  return { ...headOf(linked.rule), tests: [...results, ...mutants], faults }
}

/** The same for a correlation; its set holds the rules that it is made of. */
export async function testCorrelation(
  linked: LinkedCorrelation,
  set: RuleSet,
  options: SuiteOptions = {},
): Promise<RuleResult> {
  const { tests, faults } = await testsOf(linked.rule, options)
  // What an event is to the first of its rules explains most.
  const [first] = partsOf(linked, set).rules
  if (first === undefined) return { ...headOf(linked.rule), tests: [], faults }
  const open: OpenEngine = (_, change) => correlationEngine(linked, set, change)
  const results = tests.map(test => timed(test, undefined, () => runTest(test, first, open)))
  return { ...headOf(linked.rule), tests: results, faults }
}

type Tested = DetectionRule | CorrelationRule

function headOf({ source, meta }: Tested) {
  return { file: source.file, id: meta.id, title: meta.title }
}

async function testsOf(
  rule: Tested,
  { readCapture }: SuiteOptions,
): Promise<{ tests: ReadyTest[]; faults: readonly RuleFault[] }> {
  const parsed = [...testNodes(rule), regressionTests(rule)]
  const tests: ReadyTest[] = []
  // One after the other: a capture may be large.
  for (const test of parsed.flatMap(one => one.tests)) {
    tests.push(await readyTest(test, readCapture))
  }
  return { tests, faults: parsed.flatMap(one => one.faults) }
}

function testNodes({
  source,
  extensions,
}: Tested): { tests: RuleTest[]; faults: readonly RuleFault[] }[] {
  const inside = extensions.get('tests')
  const nodes: TestNode[] = inside === undefined ? [] : [{ source, node: inside }]
  const sidecar = source.file.replace(/\.ya?ml$/, '.test.yml')
  const read =
    sidecar !== source.file && existsSync(sidecar)
      ? readYaml(readFileSync(sidecar, 'utf8'), sidecar)
      : undefined
  for (const node of read?.documents ?? []) {
    const [list] = node.type === 'map' ? [node.entries.get('tests')?.value ?? node] : [node]
    nodes.push({ source: read?.source ?? source, node: list ?? node })
  }
  const parsed = nodes.map(parseTests).map(({ tests, faults }) => ({ tests, faults: faults.list }))
  return [...parsed, { tests: [], faults: read?.faults ?? [] }]
}

function timed(
  test: ReadyTest,
  mutant: string | undefined,
  run: () => readonly string[],
): TestResult {
  const before = performance.now()
  const failures = run()
  const { line } = test.source.place(test.offset)
  return { name: test.name, line, failures, mutant, milliseconds: performance.now() - before }
}

function runMutants(
  tests: readonly ReadyTest[],
  linked: LinkedRule,
  open: OpenEngine,
): TestResult[] {
  const names = new Set(programsOf(linked).flatMap(({ expression }) => selectionNames(expression)))
  // A test that fails anyway proves nothing about a mutant.
  const passing = tests.filter(test => runTest(test, linked, open).length === 0)
  const [first] = tests
  if (first === undefined) return []
  return Array.from(names, name =>
    timed({ ...first, name: `without ${name}` }, name, () => {
      const change = (expression: Parameters<typeof withoutSelection>[0]) =>
        withoutSelection(expression, name)
      const caught = passing.some(test => runTest(test, linked, open, change).length > 0)
      return caught ? [] : [`no test fails without \`${name}\`; add a near miss for it`]
    }),
  )
}
