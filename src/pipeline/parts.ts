import { type Interface } from '../capture/interfaces.ts'
import { type Source } from '../capture/source.ts'
import { type Config } from '../config/schema.ts'
import { type Log } from '../operate/log.ts'
import { type Output } from '../sinks/output.ts'
import { type Environment } from '../storage/environment.ts'

/** What a sensor is put together from, live or in a replay. */
export interface SensorParts {
  readonly config: Config
  readonly environment: Environment
  readonly source: Source
  /** The interfaces that are watched at the start. */
  readonly interfaces: readonly Interface[]
  readonly output: Output
  readonly stderr: NodeJS.WritableStream
  readonly log: Log
  /** µs instead of every rule's own learning period. */
  readonly learn?: number | undefined
  /** false for a replay, which must be the same every time. */
  readonly live?: boolean
  /** Names of interfaces that the source made up. */
  interfaceName?(ifindex: number): string | undefined
  /** The networks of our own, given the interfaces that are watched. */
  homeOf(interfaces: readonly Interface[]): readonly string[]
}
