import { type Document } from '../alerts/alert.ts'
import { type SinkOptions } from '../config/sinks.ts'
import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import * as kinds from '../sinks/index.ts'
import { Output } from '../sinks/output.ts'
import { type Alert, type Sink, SinkError, type SinkKind } from '../sinks/sink.ts'

export interface SinkTest {
  readonly name: string
  readonly options: SinkOptions
  readonly document: Document
  readonly log: Log
  readonly stdout: NodeJS.WriteStream
}

export interface TestResult {
  readonly type: string
  readonly id: string
  readonly taken: boolean
  readonly ms: number
  /** What the far side said, or why it said nothing. */
  readonly answer: string
  /** Whose fault it is when the alert was not taken. */
  readonly fault?: string
  readonly degraded?: string
}

const registry: Readonly<Record<string, SinkKind>> = kinds

/** Sends one alert to a sink alone, past the outbox. Throws only what its configuration is to blame for. */
export async function testSink({
  name,
  options,
  document,
  log,
  stdout,
}: SinkTest): Promise<TestResult> {
  const { type } = options
  const kind = registry[type]
  if (kind === undefined) throw new SensorError('CONFIG_INVALID', `no kind of sink is \`${type}\``)
  const alert = testAlert(document)
  const begun = performance.now()
  const about = () => ({ type, id: alert.id, ms: Math.round(performance.now() - begun) })
  let sink: Sink | undefined
  try {
    // Past the outbox, so a test goes whatever the route says.
    sink = await kind.open(options as never, { name, log, output: new Output(stdout) })
    await sink.check?.()
    await sink.send([alert])
    const answer = sink.answer?.() ?? 'written'
    const degraded = sink.status?.().degraded
    return { ...about(), taken: true, answer, ...(degraded === undefined ? {} : { degraded }) }
  } catch (error) {
    if (!(error instanceof SensorError) || error.code === 'CONFIG_INVALID') throw error
    const fault = error instanceof SinkError ? { fault: error.fault } : {}
    return { ...about(), taken: false, answer: error.message, ...fault }
  } finally {
    await sink
      ?.close()
      .catch((err: unknown) => log.debug({ err }, 'the sink did not close in order'))
  }
}

function testAlert(document: Document): Alert {
  const { id } = document['event'] as { readonly id: string }
  const json = JSON.stringify(document)
  return { sequence: 1, id, json, document, level: 'low', key: id, acceptedAt: 0, replayed: false }
}
