import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Fault } from '../config/fault.ts'
import { readIndicators } from './indicator-formats.ts'
import { IndicatorIndex } from './indicator-index.ts'
import { addTo, type Skipped } from './indicator-value.ts'

/** A list of indicators: where it is, what it is called on a signal, and its bytes on this machine. */
export interface List {
  /** As the configuration writes it: a path or a URL. */
  readonly place: string
  readonly name: string
  readonly path: string
  readonly isRemote: boolean
}

export interface ListsOptions {
  readonly sources: readonly string[]
  /** Most indicators that are kept. */
  readonly limit: number
  /** Where copies of what was fetched are. */
  readonly copies: string
}

/** What is wrong with a list; a warning is about some of its entries only. */
export interface ListFault extends Fault {
  readonly severity: 'error' | 'warning'
}

/** What was made of the lists. */
export interface Loaded {
  readonly index: IndicatorIndex
  readonly lists: readonly List[]
  readonly faults: readonly ListFault[]
  /** Indicators for which there was no room. */
  readonly refused: number
}

const hourMs = 3_600_000
/** Larger files are no lists, or not for this machine. */
const largest = 256 * 1024 * 1024

export function listsOf({ sources, copies }: ListsOptions): List[] {
  return sources.map(place => {
    const isRemote = /^https?:\/\//i.test(place)
    const digest = createHash('sha256').update(place).digest('hex').slice(0, 24)
    const path = isRemote ? join(copies, digest) : place
    // The query of a URL may hold a key.
    const name = isRemote
      ? place.replace(/^https?:\/\//i, '').replace(/[?#].*$/, '')
      : basename(place)
    return { place, name, path, isRemote }
  })
}

/** Reads all lists at once. What cannot be read is a fault, with its place; the others count. */
export function loadLists(options: ListsOptions): Loaded {
  const steps = stepsOf(options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** As `loadLists`, but something else may happen in between. */
export async function loadListsSlowly(options: ListsOptions): Promise<Loaded> {
  const steps = stepsOf(options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await new Promise(resolve => setImmediate(resolve))
  }
}

function* stepsOf(options: ListsOptions): Generator<void, Loaded> {
  const index = new IndicatorIndex()
  const lists = listsOf(options)
  const faults: ListFault[] = []
  let refused = 0
  for (const [source, list] of lists.entries()) {
    const skipped: Skipped = { count: 0, first: undefined }
    const before = index.size
    try {
      const text = read(list)
      yield
      if (text !== undefined) {
        yield* readIndicators(
          text,
          (indicator, label = '', until) => {
            const hours = until === undefined ? 0 : Math.max(1, Math.ceil(until / hourMs))
            const entry = { source, label: label.slice(0, 256), until: hours }
            if (index.size >= options.limit) refused++
            else addTo(index, indicator, entry)
          },
          skipped,
        )
        faults.push(...complaints(list, skipped, index.size - before))
      }
    } catch (error) {
      faults.push(faultOf(list, 1, error instanceof Error ? error.message : String(error)))
    }
  }
  return { index: index.seal(), lists, faults, refused }
}

/** Undefined for a URL of which there is no copy yet. */
function read({ path, isRemote }: List): string | undefined {
  const { size } = statSync(path, { throwIfNoEntry: !isRemote }) ?? { size: -1 }
  if (size < 0) return undefined
  if (size > largest)
    throw new Error(`it has ${size} bytes, more than the ${largest} that are read`)
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
}

function complaints(list: List, { count, first = 1 }: Skipped, added: number): ListFault[] {
  if (count === 0) return []
  const where =
    added === 0 ? 'it holds no indicator that is understood' : `${count} entries are not understood`
  const help = 'domains, addresses, networks, URLs, JA3, JA4 and hashes of certificates are'
  const message = `${where}, this is the first; ${help}`
  return [{ ...faultOf(list, first, message), severity: added === 0 ? 'error' : 'warning' }]
}

function faultOf({ path, place, isRemote }: List, line: number, message: string): ListFault {
  return {
    file: isRemote ? (place.split(/[?#]/)[0] ?? '') : path,
    line,
    column: 1,
    message,
    severity: 'error',
  }
}
