import { type ControlHandlers } from '../operate/control.ts'
import { version } from '../operate/version.ts'
import { type Outbox } from '../outbox/outbox.ts'

/** What a running sensor lets its commands look at and change. */
export interface ControlParts {
  readonly outbox: Outbox
}

/** The commands that a running sensor answers; one line is one command. */
export function controlHandlers({ outbox }: ControlParts): ControlHandlers {
  return {
    version: () => [{ version: version(), process: process.pid }],
    'outbox status': () => [outbox.status],
  }
}
