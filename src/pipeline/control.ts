import { type BaselineParts, baselineRequests } from '../baseline/requests.ts'
import { type Arguments, type ControlHandlers } from '../operate/control.ts'
import { version } from '../operate/version.ts'
import { type Outbox } from '../outbox/outbox.ts'

/** What a running sensor lets its commands look at and change. */
export interface ControlParts {
  readonly outbox: Outbox
  readonly baselines: BaselineParts
}

/** The commands that a running sensor answers; one line is one command. */
export function controlHandlers({ outbox, baselines }: ControlParts): ControlHandlers {
  return {
    version: () => [{ version: version(), process: process.pid }],
    'outbox status': () => [outbox.status],
    ...handlersOf(baselineRequests, baselines),
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
