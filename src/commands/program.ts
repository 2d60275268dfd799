import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { SensorError } from '../errors.ts'
import { printable } from '../operate/log.ts'
import { version } from '../operate/version.ts'
import { commands } from './index.ts'
import { type Session } from './session.ts'

const help = `
Examples:
  orthrus run                          watch the interface of the default route
  orthrus run -i eth0 --learn 0        watch eth0, alert on every device from the first packet
  orthrus check -c orthrus.yaml        find every mistake in a configuration

Exit status: 0 done, 1 failed at run time, 2 wrong usage or configuration.
\`orthrus COMMAND --help\` says more about each.`

/** Runs the command line; gives the exit status and has said on stderr what went wrong. */
export async function main(argv: readonly string[], session: Session): Promise<number> {
  try {
    await program(session).parseAsync(argv, { from: 'user' })
    return session.status
  } catch (error) {
    return report(error, session)
  }
}

function program(session: Session): Command {
  const root = new Command('orthrus')
    .description(
      'Watches a network from inside the kernel, remembers what is normal, and barks at what is not.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', help)
  for (const create of commands) root.addCommand(create(session))
  for (const command of withCommands(root)) shape(command, session)
  return root
}

/** A command and all those below it. */
function withCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withCommands)]
}

/** The same manners for each command: our wording, our streams, no exit of its own. */
function shape(command: Command, session: Session): void {
  command
    .option('--debug', 'print stacks of errors, and the log from its lowest level')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: text => void session.stdout.write(text),
      writeErr: text => void session.stderr.write(text),
      outputError: (text, write) => write(complaint(text, command)),
    })
}

/** Commander's `error: unknown option '--x'\n(Did you mean --y?)` in our words. */
function complaint(text: string, command: Command): string {
  const what = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replaceAll("'", '`')
  return `orthrus: ${printable(what.replace(/\.$/, ''))}; see \`${pathOf(command)} --help\`\n`
}

/** `orthrus outbox list`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function report(error: unknown, session: Session): number {
  // Commander has printed the help, the version or the complaint already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  session.stderr.write(`${errorText(error, session.debug)}\n`)
  return error instanceof SensorError ? error.exit : 1
}

/** One line for people, or everything for those who asked. */
export function errorText(error: unknown, stack: boolean): string {
  if (stack) return inspect(error)
  if (error instanceof SensorError) {
    return `orthrus: ${error.message.split('\n').map(printable).join('\n')}`
  }
  const message = error instanceof Error ? error.message : String(error)
  return `orthrus: internal error: ${printable(message)}; --debug shows where, please report it`
}

export function wantsStack(argv: readonly string[]): boolean {
  return argv.includes('--debug') || (process.env['ORTHRUS_DEBUG'] ?? '') !== ''
}
