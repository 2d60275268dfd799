import { type Log } from '../operate/log.ts'

/** What every command is given: the world outside the process, and the status it will exit with. */
export interface Session {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly log: Log
  /** Asked for with --debug or ORTHRUS_DEBUG: stacks, and the whole log. */
  readonly debug: boolean
  /** Aborted by Ctrl-C, SIGTERM, or when nobody reads stdout any more: finish and return. */
  readonly stop: AbortSignal
  /** Asks for the second time: sinks are not waited for. */
  readonly hurry?: AbortSignal
  /** Exit status when the command returns without throwing. */
  status: 0 | 1 | 2
}

export type Output = 'json' | 'text'

/** The form of machine output: as asked for, else JSON unless a person looks at stdout. */
export function outputOf(session: Session, asked: Output | undefined): Output {
  return asked ?? (session.stdout.isTTY ? 'text' : 'json')
}
