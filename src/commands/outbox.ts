import { Command, InvalidArgumentError } from 'commander'
import { SensorError } from '../errors.ts'
import { type DeadFilter } from '../outbox/offline.ts'
import { configFor } from './config.ts'
import { type OutboxAccess, openOutboxAccess } from './outbox-access.ts'
import { letterText, statusText } from './outbox-text.ts'
import { type Output, outputOf, type Session } from './session.ts'
import { stateCommand } from './state.ts'

const help = `
A sensor that runs is asked over its socket; of one that does not, the state directory is opened.

Examples:
  orthrus outbox status                  what waits for each sink, and what was lost
  orthrus outbox list --sink siem        dead letters, with the reason of each
  orthrus outbox replay --sink siem      put them into the queue once more
  orthrus outbox drop --sink siem 17 23  give two of them up for good`

interface Options {
  readonly config?: string
  readonly state?: string
  readonly sink?: string
  readonly output?: Output
  readonly all?: boolean
}

/** `orthrus outbox`: backlog, dead letters and loss ledger of a sensor, running or not. */
export function outboxCommand(session: Session): Command {
  const outbox = new Command('outbox')
    .summary('alerts that wait, dead letters, losses')
    .description('Shows what waits for the sinks and what never reached them.')
    .helpCommand(false)
    .addHelpText('after', help)
  outbox.addCommand(
    stateCommand('status', 'what waits for each sink, and what was lost').action((given: Options) =>
      withState(session, given, outbox => status(session, given, outbox)),
    ),
  )
  outbox.addCommand(
    letters('list', 'dead letters, oldest first').action((numbers: number[], given: Options) =>
      withState(session, given, outbox => list(session, given, numbers, outbox)),
    ),
  )
  outbox.addCommand(
    letters('replay', 'put dead letters into the queue once more')
      .option('--all', 'those of every sink')
      .action((numbers: number[], given: Options) =>
        withState(session, given, async outbox => {
          const count = await outbox.replay(chosen(given, numbers))
          const when = outbox.isRunning ? 'now' : 'with the next run'
          session.stderr.write(`${count} go ${when}, for their sink alone\n`)
        }),
      ),
  )
  outbox.addCommand(
    letters('drop', 'give dead letters up for good')
      .option('--all', 'those of every sink')
      .action((numbers: number[], given: Options) =>
        withState(session, given, async outbox => {
          const count = await outbox.drop(chosen(given, numbers))
          session.stderr.write(`${count} given up; the loss ledger counts them\n`)
        }),
      ),
  )
  return outbox
}

function letters(name: string, summary: string): Command {
  return stateCommand(name, summary)
    .argument('[number...]', 'sequence numbers of dead letters, as `list` shows them', sequence)
    .option('--sink <name>', 'those of this sink')
}

function sequence(text: string, before: readonly number[] = []): number[] {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError('it is a whole number, see `orthrus outbox list`')
  }
  return [...before, number]
}

function filter({ sink }: Options, numbers: readonly number[] = []): DeadFilter {
  return { sink, ...(numbers.length === 0 ? {} : { sequences: new Set(numbers) }) }
}

/** For what changes something: nobody means all of them by saying nothing. */
function chosen(given: Options, numbers: readonly number[] = []): DeadFilter {
  if (given.sink === undefined && numbers.length === 0 && given.all !== true) {
    throw new SensorError('USAGE', 'say which: `--sink NAME`, numbers, or `--all`')
  }
  return filter(given, numbers)
}

async function withState(
  session: Session,
  { config: file, state }: Options,
  work: (outbox: OutboxAccess) => Promise<void>,
): Promise<void> {
  const config = configFor(session, file, state === undefined ? {} : { state })
  const outbox = await openOutboxAccess(config.state.directory, session.log)
  try {
    await work(outbox)
  } finally {
    await outbox.close()
  }
}

async function status(session: Session, given: Options, outbox: OutboxAccess): Promise<void> {
  const report = await outbox.report()
  const json = outputOf(session, given.output) === 'json'
  session.stdout.write(json ? `${JSON.stringify(report)}\n` : statusText(report))
}

async function list(
  session: Session,
  given: Options,
  numbers: readonly number[],
  outbox: OutboxAccess,
): Promise<void> {
  const json = outputOf(session, given.output) === 'json'
  let count = 0
  for await (const letter of outbox.letters(filter(given, numbers))) {
    count++
    session.stdout.write(json ? `${JSON.stringify(letter)}\n` : letterText(letter))
  }
  if (!json && count === 0) session.stdout.write('no dead letters\n')
}
