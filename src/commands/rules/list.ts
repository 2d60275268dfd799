import { Command } from 'commander'
import { printable } from '../../operate/log.ts'
import { type Admission } from '../../rules/admission/report.ts'
import { loadRules } from '../../rules/load.ts'
import { options } from '../options.ts'
import { type Output, outputOf, type Session } from '../session.ts'
import { writeFaults } from './faults.ts'
import { placeholdersFor, rulePaths } from './paths.ts'

const help = `
States: runs; weakened (an exclusion or an alternative needs a field that is never produced);
cannot-run (why, is said); invalid. Rules that are off by default say why, too.

Examples:
  orthrus rules list rules/
  orthrus rules list ~/sigma -o json | jq '.rules[] | select(.state == "cannot-run").title'`

interface Options {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus rules list`: every rule, whether it runs, on what, and why not. */
export function listCommand(session: Session): Command {
  return new Command('list')
    .summary('list rules and whether they run')
    .description('Reads rules and says of each whether it runs here, on which events, and why not.')
    .argument('[path...]', 'rule files and folders; without one, those of the configuration')
    .addOption(options.config())
    .addOption(options.output())
    .addHelpText('after', help)
    .action((paths: string[], { config, output }: Options) => {
      const { set, report } = loadRules(rulePaths(session, paths, config), {
        placeholders: placeholdersFor(session, config),
      })
      if (outputOf(session, output) === 'json') {
        session.stdout.write(`${JSON.stringify({ rules: report, faults: set.faults })}\n`)
        return
      }
      writeFaults(session, set.faults)
      session.stdout.write(admissionTable(report))
    })
}

/** The report as a table, then how many there are of each state. */
export function admissionTable(report: readonly Admission[]): string {
  const lines = report.flatMap(rule => {
    const state = rule.enabled || rule.state === 'invalid' ? rule.state : `${rule.state}, off`
    const head = `${state.padEnd(14)} ${rule.title || '(no title)'} (${rule.file}:${rule.line})`
    return [head, ...rule.reasons.map(reason => `${' '.repeat(15)}${reason}`)]
  })
  const states = ['runs', 'weakened', 'cannot-run', 'invalid'] as const
  const counts = states.map(
    state => `${report.filter(rule => rule.state === state).length} ${state}`,
  )
  return [...lines, counts.join(', '), ''].map(line => printable(line)).join('\n')
}
