import { type Static, type TObject } from '../config/type.ts'
import { type Log } from '../operate/log.ts'
import { type Alert } from '../outbox/queued.ts'
import { type Receiver } from '../outbox/receiver.ts'
import { type Output } from './output.ts'

export { SinkError } from '../outbox/sink-error.ts'
export type { Alert }

/** A place that takes alerts; `send` throws a SinkError that says what becomes of the batch. */
export interface Sink extends Receiver {
  /** Lets go of everything; a second time does nothing. */
  close(): Promise<void>
  /** Opens anew what may have been moved away; on SIGHUP. */
  reopen?(): Promise<void>
  /** Throws what would keep `send` from working, without sending anything. */
  check?(): Promise<void>
  /** What the far side said last, for a person; without secrets. */
  answer?(): string | undefined
}

/** What a sink may use of the program around it. */
export interface SinkContext {
  /** Name of the sink in the configuration. */
  readonly name: string
  readonly log: Log
  /** Standard output, which others write to as well. */
  readonly output: Output
}

export interface SinkKind<S extends TObject = TObject> {
  readonly schema: S
  /**
   * Opens the sink with options as the configuration has checked them. Throws CONFIG_INVALID for what
   * no schema can tell, or SINK_UNAVAILABLE.
   */
  open(options: Static<S>, context: SinkContext): Promise<Sink>
}

/** One kind of sink: its options and how to open one; `open` never meets a wrong option. */
export function defineSink<S extends TObject>(schema: S, open: SinkKind<S>['open']): SinkKind<S> {
  return { schema, open }
}
