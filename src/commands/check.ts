import { Command } from 'commander'
import { type Fault, faultLine } from '../config/fault.ts'
import { readConfig } from '../config/load.ts'
import { type Config } from '../config/schema.ts'
import { printable } from '../operate/log.ts'
import { options } from './options.ts'
import { type Output, outputOf, type Session } from './session.ts'

const help = `
Every fault is printed as file:line:column with what is allowed there. Exit status is 2 when
there is one. -o json prints {"rules": [], "faults": [{"file", "line", "column", "message"}]}.

Examples:
  orthrus check -c orthrus.yaml
  orthrus check -c orthrus.yaml -o json | jq .faults`

interface Options {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus check`: says everything that is wrong with a configuration, and starts nothing. */
export function checkCommand(session: Session): Command {
  return new Command('check')
    .summary('find every mistake in a configuration')
    .description('Reads a configuration and prints every mistake in it; nothing is started.')
    .addOption(options.config())
    .addOption(options.output())
    .addHelpText('after', help)
    .action(({ config: file, output }: Options) => {
      const { config, faults } = readConfig(file)
      const form = outputOf(session, output)
      if (form === 'json') session.stdout.write(`${JSON.stringify({ rules: [], faults })}\n`)
      if (output !== 'json') session.stderr.write(report(file ?? 'defaults', config, faults))
      session.status = config === undefined ? 2 : 0
    })
}

function report(file: string, config: Config | undefined, faults: readonly Fault[]): string {
  if (config === undefined) {
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
