import { Command, Option } from 'commander'
import { type Config } from '../../config/schema.ts'
import { SensorError } from '../../errors.ts'
import { printable } from '../../operate/log.ts'
import { captureDocuments } from '../../pipeline.ts'
import { type RuleFault } from '../../rules/fault.ts'
import { loadRules } from '../../rules/load.ts'
import { mostEvents, type ReadCapture } from '../../rules/testing/inputs.ts'
import { junit } from '../../rules/testing/report.ts'
import { type RuleResult, testCorrelation, testRule } from '../../rules/testing/suite.ts'
import { configFor } from '../config.ts'
import { options } from '../options.ts'
import { type Session } from '../session.ts'
import { writeFaults } from './faults.ts'
import { placeholdersFor, rulePaths } from './paths.ts'

const help = `
Tests stand in a rule under \`orthrus: {tests: [...]}\`, beside it in NAME.test.yml, or where its
\`regression_tests_path\` points to; events are written out, or in a file of JSON, or a capture. A
failed test prints the part of the rule on which it hangs, and what the event has there. --mutate
leaves out each selection and each filter in turn and expects a test to fail. Exit status is 1 when
a test fails, 2 when a rule or a test is faulty.

Examples:
  orthrus rules test rules/
  orthrus rules test --mutate rules/dns/tunnel.yml
  orthrus rules test -o junit rules/ > junit.xml`

interface Options {
  readonly config?: string
  readonly mutate?: boolean
  readonly output?: 'text' | 'json' | 'junit'
  readonly strict?: boolean
}

/** `orthrus rules test`: runs the tests of rules. */
export function testCommand(session: Session): Command {
  return new Command('test')
    .summary('run the tests of rules')
    .description('Runs the tests of rules on a clock of their own, each rule by itself.')
    .argument('[path...]', 'rule files and folders; without one, those of the configuration')
    .addOption(options.config())
    .addOption(
      new Option('-o, --output <form>', 'form of stdout (default: text)').choices([
        'text',
        'json',
        'junit',
      ]),
    )
    .addOption(options.strict())
    .option('--mutate', 'leave out each selection and filter: a test must fail then')
    .addHelpText('after', help)
    .action((paths: string[], options: Options) => runTests(session, paths, options))
}

async function runTests(
  session: Session,
  paths: readonly string[],
  { config: file, mutate = false, output = 'text', strict = false }: Options,
): Promise<void> {
  const placeholders = placeholdersFor(session, file)
  const { set } = loadRules(rulePaths(session, paths, file), { placeholders })
  if (strict && set.faults.some(isError)) {
    writeFaults(session, set.faults)
    throw new SensorError('RULES_INVALID', 'no test was run: a rule has a fault')
  }
  const readCapture = captureReader(session, configFor(session, file))
  const results: RuleResult[] = []
  for (const one of set.rules) results.push(await testRule(one, { mutate, readCapture }))
  for (const one of set.correlations) {
    results.push(await testCorrelation(one, set, { readCapture }))
  }
  const tested = results.filter(rule => rule.tests.length + rule.faults.length > 0)
  const faults = [...set.faults, ...results.flatMap(rule => rule.faults)]
  writeFaults(session, faults)
  if (output === 'text') session.stdout.write(text(tested, results.length))
  else if (output === 'junit') session.stdout.write(junit(tested))
  else session.stdout.write(`${JSON.stringify({ rules: tested, faults })}\n`)
  session.status = faults.some(isError) ? 2 : tested.some(hasFailed) ? 1 : 0
}

function isError({ severity }: RuleFault): boolean {
  return severity === 'error'
}

function hasFailed({ tests }: RuleResult): boolean {
  return tests.some(({ failures }) => failures.length > 0)
}

/** Captures go through the same stages as in `orthrus replay --events`; each is read once. */
function captureReader({ stop }: Session, config: Config): ReadCapture {
  const read = new Map<string, Promise<readonly object[]>>()
  return path => {
    const known = read.get(path)
    if (known !== undefined) return known
    const events = captureDocuments({ config, files: [path], stop, most: mostEvents })
    read.set(path, events)
    return events
  }
}

function text(results: readonly RuleResult[], all: number): string {
  const lines: string[] = []
  let [passed, failed] = [0, 0]
  for (const rule of results) {
    for (const { name, line, failures } of rule.tests) {
      if (failures.length === 0) passed++
      else {
        failed++
        lines.push(`${rule.file}:${line}: failed: ${rule.title}: ${name}`)
        lines.push(...failures.map(failure => `  ${failure}`))
      }
    }
  }
  const without = all - results.length
  const note = without === 0 ? '' : `; ${without} of ${all} rules have no tests`
  return [...lines, `${passed} passed, ${failed} failed${note}`, '']
    .map(one => printable(one))
    .join('\n')
}
