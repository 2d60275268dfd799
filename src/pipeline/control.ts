import { type Arguments, type ControlHandlers } from '../operate/control.ts'
import { version } from '../operate/version.ts'
import { type DeadFilter, deadLetters } from '../outbox/offline.ts'
import { dropOnline, replayOnline, reportOutbox } from '../outbox/online.ts'
import { type Outbox } from '../outbox/outbox.ts'

/** What a running sensor lets its commands look at and change. */
export interface ControlParts {
  readonly outbox: Outbox
}

/** The commands that a running sensor answers; one line is one command. */
export function controlHandlers({ outbox }: ControlParts): ControlHandlers {
  const { environment } = outbox
  return {
    version: () => [{ version: version(), process: process.pid }],
    'outbox status': () => [outbox.status],
    'outbox report': () => [reportOutbox(outbox)],
    'outbox list': args => letters(environment, filterOf(args)),
    'outbox replay': args => once(replayOnline(outbox, filterOf(args))),
    'outbox drop': args => once(dropOnline(outbox, filterOf(args))),
  }
}

function* letters(environment: Outbox['environment'], filter: DeadFilter): Generator<unknown> {
  for (const { letter } of deadLetters(environment, filter)) if (letter !== undefined) yield letter
}

async function* once(work: Promise<unknown>): AsyncIterable<unknown> {
  yield await work
}

/** `sink`, a name, and `sequences`, a list of numbers; what is left out does not restrict. */
function filterOf({ sink, sequences }: Arguments): DeadFilter {
  const numbers = Array.isArray(sequences) ? sequences.map(Number) : []
  return {
    ...(typeof sink === 'string' ? { sink } : {}),
    ...(numbers.length === 0 ? {} : { sequences: new Set(numbers) }),
  }
}
