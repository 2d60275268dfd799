import { type Writable } from 'node:stream'
import { SensorError } from '../errors.ts'

/** What waits for a slow reader; beyond it only what must not be lost is written. */
const backlogLimit = 1024 * 1024

export interface OutputOptions {
  readonly people?: boolean
  readonly environment?: NodeJS.ProcessEnv
}

/** Standard output for several writers. A reader that has gone makes it fail, never the program. */
export class Output {
  /** Lines for a person rather than JSON: on a terminal, or because somebody asked for them. */
  readonly people: boolean
  /** Whether to use colours: on a terminal, unless NO_COLOR (no-color.org) says otherwise. */
  readonly color: boolean
  readonly #stream: Writable
  #dropped = 0
  #failure: unknown

  constructor(
    stream: Writable & { readonly isTTY?: boolean },
    { people = stream.isTTY === true, environment = process.env }: OutputOptions = {},
  ) {
    this.#stream = stream
    this.people = people
    this.color = stream.isTTY === true && (environment['NO_COLOR'] ?? '') === ''
    // EPIPE: `orthrus | head` has read enough.
    stream.on('error', error => {
      this.#failure = error
    })
  }

  /** Lines that were left out because the reader was too slow or gone. */
  get dropped(): number {
    return this.#dropped
  }

  /** Resolves when the reader has the text. Throws SINK_UNAVAILABLE when there is none any more. */
  async write(text: string): Promise<void> {
    if (this.#failure !== undefined) throw gone(this.#failure)
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, error => (error ? reject(gone(error)) : resolve()))
    })
  }

  /** A line that may be left out; counted then. */
  offer(line: string): void {
    if (this.#failure !== undefined || this.#stream.writableLength > backlogLimit) this.#dropped++
    else this.#stream.write(line, () => undefined)
  }
}

function gone(cause: unknown): SensorError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SensorError('SINK_UNAVAILABLE', `cannot write to standard output: ${why}`, { cause })
}
