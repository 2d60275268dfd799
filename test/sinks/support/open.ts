import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { createLog } from '../../../src/operate/log.ts'
import * as kinds from '../../../src/sinks/index.ts'
import { Output } from '../../../src/sinks/output.ts'
import { type Sink, type SinkContext, type SinkKind } from '../../../src/sinks/sink.ts'
import { temporaryDirectory } from '../../storage/open.ts'

/** What is around a sink; `lines` collects what it logs. */
export function sinkContext(lines: string[] = []): SinkContext {
  const stream = new PassThrough()
  stream.resume()
  const log = createLog({ level: 'trace', format: 'json', write: line => lines.push(line) })
  return { name: 'test', log, output: new Output(stream) }
}

const registry: Readonly<Record<string, SinkKind>> = kinds

/** Options as a configuration gives them: checked, with their defaults. Throws CONFIG_INVALID. */
export function configured(type: string, options: Readonly<Record<string, unknown>>): never {
  const file = join(temporaryDirectory(), 'orthrus.yaml')
  writeFileSync(file, JSON.stringify({ sinks: { test: { type, ...options } } }))
  return loadConfig(file).sinks['test'] as never
}

/** A sink that is closed at the end of the test. */
export async function openSink(
  kind: keyof typeof kinds,
  options: Readonly<Record<string, unknown>>,
  lines?: string[],
): Promise<Sink> {
  const found = registry[kind]
  if (found === undefined) throw new Error(`there is no ${kind}`)
  const sink = await found.open(configured(kind, options), sinkContext(lines))
  onTestFinished(() => sink.close().catch(() => undefined))
  return sink
}
