import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { isHashName } from './hash-name.ts'
import { placeKey } from './place.ts'
import { type SeenKind } from './seen-set.ts'

/** A longer text is not kept: such a value is known, but cannot be shown. */
const longest = 1024
/** Texts that wait in memory until they are on the disk, before that is looked into. */
const generation = 4096

/** The clear texts of entities and values, on the disk; in memory only those that are on their way. */
export class Texts {
  readonly #environment: Pick<Environment, 'get'>
  readonly #journal: Pick<Journal, 'add' | 'settled'>
  readonly #keeps: boolean
  #fresh = new Map<string, string>()
  #leaving: Map<string, string> | undefined

  constructor(
    environment: Pick<Environment, 'get'>,
    journal: Pick<Journal, 'add' | 'settled'>,
    keeps: boolean,
  ) {
    this.#environment = environment
    this.#journal = journal
    this.#keeps = keeps
  }

  put(baseline: number, kind: SeenKind, record: number, text: string): void {
    if (!this.#keeps || text.length > longest || isHashName(text)) return
    const key = placeKey(baseline, 'text', kind, record)
    this.#journal.add({ kind: 'put', table: 'baselines', key, value: text })
    this.#fresh.set(key.toString('latin1'), text)
    if (this.#fresh.size >= generation && this.#leaving === undefined) void this.#retire()
  }

  remove(baseline: number, kind: SeenKind, record: number): void {
    const key = placeKey(baseline, 'text', kind, record)
    this.#journal.add({ kind: 'remove', table: 'baselines', key })
    const name = key.toString('latin1')
    this.#fresh.delete(name)
    this.#leaving?.delete(name)
  }

  /** Undefined when it was not kept. */
  get(baseline: number, kind: SeenKind, record: number): string | undefined {
    const key = placeKey(baseline, 'text', kind, record)
    const name = key.toString('latin1')
    const waiting = this.#fresh.get(name) ?? this.#leaving?.get(name)
    return waiting ?? this.#environment.get('baselines', key)?.toString()
  }

  /** What is in memory now may go when all that waits is on the disk. */
  async #retire(): Promise<void> {
    this.#leaving = this.#fresh
    this.#fresh = new Map()
    await this.#journal.settled()
    this.#leaving = undefined
  }
}
