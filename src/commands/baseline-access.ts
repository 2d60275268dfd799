import { type Arguments, baselineRequests } from '../baseline/requests.ts'
import { type BaselineRecord } from '../baseline/store.ts'
import { StoredBaselineStore } from '../baseline/stored-store.ts'
import { type Config } from '../config/schema.ts'
import { openEnvironment } from '../storage/environment.ts'
import { Journal } from '../storage/journal.ts'
import { askSensor, isRunning, needMemory } from './state.ts'

/** Asks about baselines; what comes back depends on what was asked, see `baselineRequests`. */
export type Ask = (name: string, args?: Arguments) => AsyncIterable<unknown>

/**
 * Lets `work` ask the sensor that runs on the configured state; when none runs, its memory. Throws
 * STATE_UNUSABLE when there is neither, unless `make` says that a memory may be made.
 */
export async function withBaselines(
  config: Config,
  work: (ask: Ask) => Promise<void>,
  make = false,
): Promise<void> {
  const { directory } = config.state
  if (await isRunning(directory)) return work((name, args) => fromSensor(directory, name, args))
  if (!make) needMemory(directory)
  await withMemory(config, work)
}

async function* fromSensor(directory: string, name: string, args: Arguments | undefined) {
  yield* await askSensor(directory, name, args)
}

async function withMemory(config: Config, work: (ask: Ask) => Promise<void>): Promise<void> {
  const environment = await openEnvironment({ directory: config.state.directory })
  let lost: unknown
  const journal = new Journal({
    environment,
    onAppended: () => undefined,
    onLost: (_, error) => {
      lost = error
    },
  })
  const { limit, keep_values: clear } = config.baselines
  try {
    const baselines = new StoredBaselineStore({ environment, journal, limit, clear })
    await work(async function* ask(name, args = {}) {
      yield* baselineRequests[name]?.({ baselines, environment }, args) ?? []
      await journal.flush()
    })
    await baselines.flush()
  } finally {
    await environment.close()
  }
  if (lost !== undefined) throw lost
}

/** Records that go with one request: it is one line of at most 64 KiB. */
const portion = 48_000

/** Merges records in portions; returns how many made no sense or found no room. */
export async function importRecords(
  ask: Ask,
  records: AsyncIterable<BaselineRecord> | Iterable<BaselineRecord>,
): Promise<{ readonly count: number; readonly refused: number }> {
  let [count, refused, bytes] = [0, 0, 0]
  let batch: BaselineRecord[] = []
  let head: BaselineRecord | undefined
  const send = async () => {
    for await (const answer of ask('baseline import', { records: batch })) {
      refused += (answer as { refused: number }).refused
    }
    // The next portion has to know whose it is; merging a head twice changes nothing.
    batch = head === undefined ? [] : [head]
    bytes = 0
  }
  for await (const record of records) {
    count++
    if (record.kind === 'baseline') head = record
    batch.push(record)
    bytes += JSON.stringify(record).length
    if (bytes > portion) await send()
  }
  await send()
  return { count, refused }
}
