import { type Document, type Observer } from '../alerts/alert.ts'
import { NoveltyLog } from '../baseline/novelty-log.ts'
import { StoredBaselineStore } from '../baseline/stored-store.ts'
import { type Log } from '../operate/log.ts'
import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { damageAlert } from './blindness.ts'
import { type SensorParts } from './parts.ts'
import { Windows } from './windows.ts'

/** What rules and detectors know of the past, as the memory has it. */
export class Knowledge {
  readonly baselines: StoredBaselineStore
  readonly environment: Environment
  /** Why alerts said that something is new. */
  readonly novelties: NoveltyLog
  /** What rules have open. */
  readonly windows: Windows

  readonly #log: Log
  #damageTold = 0

  constructor({ config, environment, log }: SensorParts, journal: Journal) {
    const { setAside } = environment
    if (setAside !== undefined) {
      log.error(`the memory was damaged and is set aside as \`${setAside}\`; learning begins anew`)
    }
    this.#log = log
    const { limit, keep_values: clear } = config.baselines
    this.baselines = new StoredBaselineStore({ environment, journal, limit, clear })
    this.environment = environment
    this.novelties = new NoveltyLog({ environment, journal })
    this.windows = new Windows({ environment, journal, log })
  }

  /** What is to be told of damage found since the last call; undefined when there is none. */
  damageAlert(observer: Observer): Document | undefined {
    const damaged = this.baselines.damaged - this.#damageTold
    if (damaged === 0) return undefined
    this.#damageTold += damaged
    const message = `${damaged} records of what rules have learned were damaged and are forgotten; what they stood for is new again`
    this.#log.error(message)
    return damageAlert(message, damaged, observer)
  }

  /** These changes never reached the disk, nor did their alerts: what they taught is new again. */
  lost(operations: readonly Operation[]): void {
    this.baselines.lost(operations)
  }

  /** Writes what is not on the disk yet. */
  async flush(): Promise<void> {
    try {
      await this.baselines.flush()
    } catch (err) {
      this.#log.error({ err }, 'counts and last sightings of the last hour were not written')
    }
  }
}
