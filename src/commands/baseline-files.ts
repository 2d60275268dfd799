import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BaselineRecord } from '../baseline/store.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { learnFrom } from '../pipeline.ts'
import { type Ask, importRecords, withBaselines } from './baseline-access.ts'
import { progressBar } from './progress.ts'
import { type Session } from './session.ts'

const format = { format: 'orthrus-baseline', version: 1 } as const

/** A head, then a record a line, in an order that depends on nothing but what was learned. */
export async function exportBaselines(
  session: Session,
  ask: Ask,
  rule: string | undefined,
): Promise<void> {
  session.stdout.write(`${JSON.stringify(format)}\n`)
  for await (const record of ask('baseline export', rule === undefined ? {} : { rule })) {
    if (!session.stdout.write(`${JSON.stringify(record)}\n`)) {
      await new Promise(resolve => session.stdout.once('drain', resolve))
    }
  }
}

/** Merges files in any order, also more than once. Throws USAGE for what is no export. */
export async function importBaselines(
  session: Session,
  ask: Ask,
  files: readonly string[],
): Promise<void> {
  for (const file of files) {
    const { count, refused } = await importRecords(ask, recordsOf(file))
    const left = refused === 0 ? '' : `, ${refused} left out: they made no sense or found no room`
    session.stderr.write(`${file}: ${count} records${left}\n`)
    if (refused > 0) session.status = 1
  }
}

/** Learns in a memory of its own, which is then merged: nothing of the sensor's is in the way. */
export async function learnCaptures(
  session: Session,
  ask: Ask,
  config: Config,
  files: readonly string[],
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'orthrus-learn-'))
  const { stdout, stderr, log, stop } = session
  const bar = progressBar(stderr)
  try {
    const progress = bar.update
    // Hashes alone could not be merged: each memory has a secret of its own.
    const baselines = { ...config.baselines, keep_values: true }
    const own = { ...config, baselines, state: { ...config.state, directory } }
    await learnFrom({ config: own, files, stdout, stderr, log, stop, progress, state: directory })
    bar.clear()
    await withBaselines(own, async learned => {
      const records = learned('baseline export') as AsyncIterable<BaselineRecord>
      const { count, refused } = await importRecords(ask, records)
      stderr.write(`${count} records learned${refused === 0 ? '' : `, ${refused} left out`}\n`)
    })
  } finally {
    bar.clear()
    await rm(directory, { recursive: true, force: true })
  }
}

async function* recordsOf(file: string): AsyncGenerator<BaselineRecord> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let number = 0
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    const record = parse(line, file, number)
    if (number > 1) yield record as unknown as BaselineRecord
    else if (record['format'] !== format.format || record['version'] !== format.version) {
      throw new SensorError(
        'USAGE',
        `\`${file}\` is no export of baselines of version 1; make one with \`orthrus baseline export\``,
      )
    }
  }
}

function parse(line: string, file: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Told below, as what is JSON but no record.
  }
  throw new SensorError('USAGE', `\`${file}\`, line ${number}: it is no record`)
}
