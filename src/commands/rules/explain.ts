import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { SensorError } from '../../errors.ts'
import { printable } from '../../operate/log.ts'
import { explain, type Trace } from '../../rules/evaluate/explain.ts'
import { type LinkedRule } from '../../rules/link/set.ts'
import { loadRules } from '../../rules/load.ts'
import { objectReader } from '../../rules/slots/object.ts'
import { describeTest, describeTrace, describeValue } from '../../rules/testing/describe.ts'
import { kindOf, programsOf } from '../../rules/testing/engine.ts'
import { options } from '../options.ts'
import { type Output, outputOf, type Session } from '../session.ts'
import { writeFaults } from './faults.ts'
import { placeholdersFor } from './paths.ts'

const help = `
The event is one JSON object as \`orthrus replay --events\` prints it; - is standard input. Fields
stand under our names: those of the rule are mapped.

Example:
  orthrus replay --events capture.pcap | head -1 | orthrus rules explain rules/dns/tunnel.yml -`

interface Options {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus rules explain`: why an event matches a rule, or why it does not. */
export function explainCommand(session: Session): Command {
  return new Command('explain')
    .summary('say why an event matches a rule, or does not')
    .description('Evaluates one rule on one event and shows every part of it with its answer.')
    .argument('<rule>', 'rule file')
    .argument('<event>', 'JSON file of one event')
    .addOption(options.config())
    .addOption(options.output())
    .addHelpText('after', help)
    .action((rule: string, file: string, { config, output }: Options) => {
      const { set } = loadRules([rule], { placeholders: placeholdersFor(session, config) })
      writeFaults(session, set.faults)
      if (set.rules.length === 0) {
        throw new SensorError('RULES_INVALID', `no detection rule in \`${rule}\` can be read`)
      }
      const event = readEvent(file)
      const answers = set.rules.map(linked => answer(linked, event))
      const json = outputOf(session, output) === 'json'
      const text = answers.map(one => (json ? `${JSON.stringify(one.json)}\n` : one.text)).join('')
      session.stdout.write(text)
    })
}

function readEvent(file: string): object {
  try {
    const event: unknown = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
    if (event !== null && typeof event === 'object' && !Array.isArray(event)) return event
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SensorError('USAGE', `cannot read the event in \`${file}\`: ${reason}`, { cause })
  }
  throw new SensorError('USAGE', `\`${file}\` holds no event; give one JSON object`)
}

function answer(linked: LinkedRule, event: object) {
  const { meta, source } = linked.rule
  const kind = kindOf(event, linked)
  const program = programsOf(linked).find(one => one.kind === kind)
  if (program === undefined) {
    const text = `${printable(meta.title)}: no match, the rule does not look at events of this kind\n`
    return { json: { title: meta.title, id: meta.id, match: false, kind: null, reasons: [] }, text }
  }
  const trace = explain(program.expression, objectReader, event)
  const reasons = describeTrace(trace, source)
  const match = trace.result
  const head = `${meta.title}: ${match ? 'match' : 'no match'}`
  const lines = [head, ...tree(trace, 1), 'because:', ...reasons.map(reason => `  ${reason}`), '']
  return {
    json: { title: meta.title, id: meta.id, match, kind, reasons },
    text: lines.map(line => printable(line)).join('\n'),
  }
}

/** One line for each part, deeper ones further right. */
function tree({ expression, result, items, actual }: Trace, depth: number): string[] {
  const line = `${'  '.repeat(depth)}${result ? 'true ' : 'false'} `
  switch (expression.op) {
    case 'test': {
      const value = describeValue(actual, expression)
      return [`${line} ${describeTest(expression)} (the event has ${value})`]
    }
    case 'constant':
      return [`${line} always`]
    default: {
      const name = expression.op === 'selection' ? expression.name : expression.op
      return [`${line} ${name}`, ...items.flatMap(item => tree(item, depth + 1))]
    }
  }
}
