import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readPath } from '../slots/object.ts'
import { type RuleTest, type Step } from './spec.ts'

/** The ECS documents of a capture's events, in their order; rejects where it cannot be read. */
export type ReadCapture = (path: string) => Promise<readonly object[]>

/** A test with its events at hand, or why they are not. */
export interface ReadyTest extends RuleTest {
  readonly steps: readonly Step[]
  readonly failure: string | undefined
}

/** Events of one file that are read. */
export const mostEvents = 100_000
const largestFile = 1 << 26

/** µs since 1970: what the clock of a test begins with. */
export const testStart = Date.UTC(2026, 0, 1) * 1000

/** Reads the events of a test that are in a file. */
export async function readyTest(test: RuleTest, readCapture?: ReadCapture): Promise<ReadyTest> {
  const { steps } = test
  if (Array.isArray(steps)) return { ...test, steps, failure: undefined }
  if (!('file' in steps)) return { ...test, steps: [], failure: 'the test has no events' }
  const path = resolve(dirname(test.source.file), steps.file)
  try {
    const events = await eventsOf(path, steps.form, readCapture)
    return { ...test, steps: events.map(stepOf), failure: undefined }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ...test, steps: [], failure: `cannot read ${path}: ${reason}` }
  }
}

async function eventsOf(
  path: string,
  form: 'ndjson' | 'json' | 'pcap',
  readCapture: ReadCapture | undefined,
): Promise<readonly object[]> {
  if (form === 'pcap') {
    if (readCapture === undefined) throw new Error('there is no reader of captures here')
    return readCapture(path)
  }
  const { size } = statSync(path)
  if (size > largestFile) throw new Error(`${size} bytes are more than ${largestFile}`)
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  const values = form === 'json' ? jsonValues(text) : linesOf(text)
  if (values.length > mostEvents) throw new Error(`it holds over ${mostEvents} events`)
  return values.map(eventIn)
}

/** One event, a list of them, or one a line. */
function jsonValues(text: string): unknown[] {
  try {
    return [JSON.parse(text)].flat()
  } catch (error) {
    if (error instanceof SyntaxError && text.trim().includes('\n')) return linesOf(text)
    throw error
  }
}

function linesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line)]
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`line ${index + 1}: ${reason}`, { cause: error })
    }
  })
}

function eventIn(value: unknown, index: number): object {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value
  throw new Error(`number ${index + 1} in it is no event`)
}

/** At the time that it bears, else a millisecond after the one before. */
function stepOf(event: object, index: number): Step {
  const time = readPath(event, '@timestamp')
  const milliseconds = typeof time === 'string' ? Date.parse(time) : Number.NaN
  const at = Number.isNaN(milliseconds) ? index * 1000 : milliseconds * 1000 - testStart
  return { at, event, expect: undefined, offset: 0 }
}
