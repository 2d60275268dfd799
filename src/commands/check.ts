import { Command } from 'commander'
import { type Fault, faultLine } from '../config/fault.ts'
import { placeComplaints, readConfig } from '../config/load.ts'
import { type Config } from '../config/schema.ts'
import { indicatorFaults } from '../detectors/indicator.ts'
import { geoComplaints } from '../enrich/geo-files.ts'
import { printable } from '../operate/log.ts'
import { type Plan } from '../rules/admission/admit.ts'
import { type RuleFault } from '../rules/fault.ts'
import { loadRules } from '../rules/load.ts'
import { options } from './options.ts'
import { writeFaults } from './rules/faults.ts'
import { admissionTable } from './rules/list.ts'
import { type Output, outputOf, type Session } from './session.ts'

const help = `
Every fault is printed as file:line:column with what is allowed there, then for every rule whether
it runs here, and why not. Without RULE, the rules are those of the configuration. Exit status is 2
when there is a fault, with --strict also when there is a warning.

-o json prints {"rules": [{"file", "id", "title", "state", "reasons"}],
"faults": [{"file", "line", "column", "message"}]}; a state is runs, weakened, cannot-run, invalid.

Examples:
  orthrus check -c orthrus.yaml
  orthrus check rules/ my-rule.yml
  orthrus check -c orthrus.yaml -o json | jq .faults`

interface Options {
  readonly config?: string
  readonly output?: Output
  readonly strict?: boolean
}

/** `orthrus check`: says everything that is wrong with a configuration, and starts nothing. */
export function checkCommand(session: Session): Command {
  return new Command('check')
    .summary('find every mistake in configuration and rules')
    .description(
      'Reads a configuration and rules and prints every mistake in them; nothing is started.',
    )
    .argument('[rule...]', 'rule files and folders to check')
    .addOption(options.config())
    .addOption(options.output())
    .option('--strict', 'warnings are faults, too')
    .addHelpText('after', help)
    .action((paths: string[], { config: file, output, strict = false }: Options) => {
      const { config, faults: refused } = readConfig(file)
      const faults = [...refused, ...unusableFiles(file, config)]
      const rules = planOf(paths, config)
      const lists = indicatorFaults(config?.detectors['indicator'])
      const all = [...faults, ...lists, ...rules.set.faults]
      if (outputOf(session, output) === 'json') {
        session.stdout.write(`${JSON.stringify({ rules: rules.report, faults: all })}\n`)
      }
      const about =
        paths.length > 0 && faults.length === 0 ? '' : report(file ?? 'defaults', config, faults)
      if (output !== 'json') {
        writeFaults(session, lists)
        writeReport(session, about, rules)
      }
      session.status = all.some(fault => strict || isError(fault)) ? 2 : 0
    })
}

/** Files that a good configuration names and that cannot be used; the defaults name none. */
function unusableFiles(file: string | undefined, config: Config | undefined): Fault[] {
  if (file === undefined || config === undefined) return []
  return placeComplaints(file, geoComplaints(config.enrich.geo))
}

/** Faults of a configuration have no severity: each keeps it from being used. */
function isError(fault: Fault | RuleFault): boolean {
  return !('severity' in fault) || fault.severity === 'error'
}

function writeReport(session: Session, about: string, { set, report: admissions }: Plan): void {
  session.stderr.write(about)
  writeFaults(session, set.faults)
  if (admissions.length > 0) session.stderr.write(admissionTable(admissions))
}

/** The rules that are named, else those of the configuration. */
function planOf(paths: readonly string[], config: Config | undefined): Plan {
  const { placeholders = {}, paths: configured = [] } = config?.rules ?? {}
  return loadRules(paths.length > 0 ? paths : configured, {
    placeholders: new Map(Object.entries(placeholders)),
  })
}

function report(file: string, config: Config | undefined, faults: readonly Fault[]): string {
  if (config === undefined || faults.length > 0) {
    const many = faults.length === 1 ? '1 fault' : `${faults.length} faults`
    return [...faults.map(fault => printable(faultLine(fault))), `${many} in ${file}`, ''].join(
      '\n',
    )
  }
  const { capture, network, state, sinks } = config
  const kinds = Object.entries(sinks).map(([name, { type }]) => `${name} (${type})`)
  return [
    `${file}: ok`,
    `  watches   ${capture.interfaces.join(', ').replace(/^auto$/, 'the interface of the default route')}`,
    `  our own   ${network.home.join(', ') || 'the networks of the watched interfaces'}`,
    `  remembers ${state.directory}`,
    `  alerts    ${kinds.join(', ') || 'nowhere: no sink is configured'}`,
    '',
  ]
    .map(line => printable(line))
    .join('\n')
}
