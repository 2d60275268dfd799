import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import { type DeadLetter } from '../outbox/dead-letter.ts'
import {
  type DeadFilter,
  deadLetters,
  dropDead,
  type OfflineOutbox,
  readOutbox,
  replayDead,
} from '../outbox/offline.ts'
import { openEnvironment } from '../storage/environment.ts'
import { askSensor, isRunning, needMemory } from './state.ts'

/** An outbox that commands may look at and change, of a sensor that runs or of one that does not. */
export interface OutboxAccess {
  readonly isRunning: boolean
  report(): Promise<OfflineOutbox>
  letters(filter: DeadFilter): AsyncIterable<DeadLetter>
  replay(filter: DeadFilter): Promise<number>
  drop(filter: DeadFilter): Promise<number>
  close(): Promise<void>
}

/** Asks the sensor that runs on this state directory, else opens the directory. Throws STATE_*. */
export async function openOutboxAccess(directory: string, log: Log): Promise<OutboxAccess> {
  return (await isRunning(directory)) ? running(directory) : stopped(directory, log)
}

function running(directory: string): OutboxAccess {
  const all = (command: string, { sink, sequences }: DeadFilter = {}) =>
    askSensor(directory, command, { sink, sequences: [...(sequences ?? [])] })
  const one = async <T>(command: string, filter?: DeadFilter): Promise<T> => {
    for await (const item of await all(command, filter)) return item as T
    throw new SensorError('STATE_UNUSABLE', 'the sensor gave no answer')
  }
  return {
    isRunning: true,
    report: () => one('outbox report'),
    replay: filter => one('outbox replay', filter),
    drop: filter => one('outbox drop', filter),
    async *letters(filter) {
      for await (const letter of await all('outbox list', filter)) yield letter as DeadLetter
    },
    close: async () => undefined,
  }
}

async function stopped(directory: string, log: Log): Promise<OutboxAccess> {
  needMemory(directory)
  const environment = await openEnvironment({ directory })
  // Whoever asks wants to know that the disk is full, not to wait for room.
  environment.end(3000)
  return {
    isRunning: false,
    report: async () => readOutbox(environment, log),
    async *letters(filter) {
      for (const { letter } of deadLetters(environment, filter)) {
        if (letter !== undefined) yield letter
      }
    },
    replay: filter => replayDead(environment, filter, log),
    drop: filter => dropDead(environment, filter, log),
    close: () => environment.close(),
  }
}
