import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { when } from './dead-letter.ts'
import { entryHead } from './entry.ts'
import { type LaneStore } from './store.ts'

const pageSize = 256
/** What is kept of an entry that the disk did not keep. */
const remains = 65_536

/** Puts a damaged entry into the dead letters of a sink that was to get it. */
export function buryDamaged(environment: Environment, store: LaneStore, sequence: number): void {
  const start = sequenceKey(sequence)
  const [found] = environment.scan('alerts', { start, limit: 1 }, remains)
  const head = found?.key.equals(start) ? found.head : Buffer.alloc(0)
  const { level, rule, acceptedAt } = entryHead(head)
  store.bury({
    sequence,
    sink: store.name,
    reason: 'corrupt',
    error: 'the stored entry is damaged',
    attempts: 0,
    first: '',
    last: when(Date.now()),
    accepted: when(acceptedAt),
    level,
    rule,
    alert: head.toString('base64'),
  })
}

/**
 * Looks at the checksum of each entry up to `last`, a page at a time between other work, so that
 * damage is known although the sink is down. Gives how many are damaged.
 */
export async function findDamage(
  environment: Environment,
  stores: readonly LaneStore[],
  { last, isOver }: { readonly last: number; readonly isOver: () => boolean },
): Promise<number> {
  let damaged = 0
  for (let after = 0; after < last && !isOver(); ) {
    const page = environment.page('alerts', { after: sequenceKey(after), limit: pageSize })
    if (page.length === 0) break
    after = keySequence(page.at(-1)?.key ?? sequenceKey(last))
    for (const { key, value } of page) {
      if (value !== undefined || keySequence(key) > last) continue
      buryFor(environment, stores, keySequence(key))
      damaged++
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  return damaged
}

function buryFor(environment: Environment, stores: readonly LaneStore[], sequence: number): void {
  for (const store of stores) {
    if (!store.isDone(sequence)) buryDamaged(environment, store, sequence)
  }
}
