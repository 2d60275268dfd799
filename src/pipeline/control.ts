import { type BaselineParts, baselineRequests } from '../baseline/requests.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Arguments, type ControlHandlers } from '../operate/control.ts'
import { version } from '../operate/version.ts'
import { type DeadFilter, deadLetters } from '../outbox/offline.ts'
import { dropOnline, replayOnline, reportOutbox } from '../outbox/online.ts'
import { type Outbox } from '../outbox/outbox.ts'
import { deviceHandlers } from './control-devices.ts'

/** What a running sensor lets its commands look at and change. */
export interface ControlParts {
  readonly outbox: Outbox
  readonly baselines: BaselineParts
  readonly devices: Devices
}

/** The commands that a running sensor answers; one line is one command. */
export function controlHandlers({ outbox, baselines, devices }: ControlParts): ControlHandlers {
  return {
    version: () => [{ version: version(), process: process.pid }],
    ...outboxHandlers(outbox),
    ...handlersOf(baselineRequests, baselines),
    ...deviceHandlers(devices),
  }
}

/** What there is to be asked and changed of the outbox. */
export function outboxHandlers(outbox: Outbox): ControlHandlers {
  const { environment } = outbox
  return {
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

/** Requests that are about one part of the sensor, bound to it. */
function handlersOf<Parts>(
  requests: Readonly<Record<string, (parts: Parts, args: Arguments) => Iterable<unknown>>>,
  parts: Parts,
): ControlHandlers {
  return Object.fromEntries(
    Object.entries(requests).map(([name, ask]) => [name, (args: Arguments) => ask(parts, args)]),
  )
}
