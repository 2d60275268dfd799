import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'

/** Why an alert says that something is new, for whoever asks later. */
export interface Novelty {
  /** `event.id` of the alert. */
  readonly id: string
  /** µs of event time. */
  readonly time: number
  readonly message: string
  readonly rule: Readonly<Record<string, unknown>>
  /** The facts, as the alert bears them. */
  readonly baseline: Readonly<Record<string, unknown>>
}

export interface NoveltyLogOptions {
  readonly environment: Pick<Environment, 'page' | 'scan'>
  /** Takes an explanation with its alert. */
  readonly journal: Pick<Journal, 'add'>
  /** Explanations that are kept at most, the last ones. */
  readonly limit?: number
}

const day = 86_400e6
const keptFor = 90 * day
const pageSize = 256

/** The explanations of the last alerts about something new, for 90 days of event time. */
export class NoveltyLog {
  readonly #options: NoveltyLogOptions
  readonly #limit: number
  /** Numbers and times of those that are kept, oldest first; read with the first that is added. */
  #kept: { readonly number: number; readonly time: number }[] | undefined

  constructor(options: NoveltyLogOptions) {
    this.#options = options
    this.#limit = options.limit ?? 8192
  }

  add(novelty: Novelty): void {
    const { journal } = this.#options
    this.#kept ??= this.#read()
    const kept = this.#kept
    const number = (kept.at(-1)?.number ?? 0) + 1
    kept.push({ number, time: novelty.time })
    const value = JSON.stringify(novelty)
    journal.add({ kind: 'put', table: 'novelties', key: sequenceKey(number), value })
    const isOver = ({ time }: { time: number }) => novelty.time - time > keptFor
    for (let [oldest] = kept; oldest !== undefined; [oldest] = kept) {
      if (kept.length <= this.#limit && !isOver(oldest)) return
      kept.shift()
      journal.add({ kind: 'remove', table: 'novelties', key: sequenceKey(oldest.number) })
    }
  }

  #read(): { number: number; time: number }[] {
    const kept: { number: number; time: number }[] = []
    for (const { number, novelty } of all(this.#options.environment, false)) {
      kept.push({ number, time: novelty?.time ?? Number.NEGATIVE_INFINITY })
    }
    return kept
  }
}

/** The explanation of the alert whose id begins so, the latest; undefined when there is none any more. */
export function findNovelty(
  environment: Pick<Environment, 'page'>,
  id: string,
): Novelty | undefined {
  for (const { novelty } of all(environment, true)) {
    if (novelty?.id.startsWith(id)) return novelty
  }
  return undefined
}

function* all(environment: Pick<Environment, 'page'>, reverse: boolean) {
  for (let after: Buffer | undefined; ; ) {
    const range = { limit: pageSize, reverse, ...(after && { after }) }
    const page = environment.page('novelties', range)
    for (const { key, value } of page) {
      yield { number: keySequence(key), novelty: value && readNovelty(value) }
    }
    after = page.at(-1)?.key
    if (after === undefined || page.length < pageSize) return
  }
}

function readNovelty(bytes: Uint8Array): Novelty | undefined {
  try {
    const read = JSON.parse(bytes.toString()) as Partial<Novelty> | null
    const isWhole =
      typeof read?.id === 'string' &&
      typeof read.time === 'number' &&
      typeof read.baseline === 'object'
    return isWhole ? (read as Novelty) : undefined
  } catch {
    return undefined
  }
}
