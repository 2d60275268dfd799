import {
  type DeadFilter,
  deadLetters,
  dropOrphan,
  type OfflineOutbox,
  replayOf,
  type StoredLetter,
  sinkOf,
  sinkReport,
} from './offline.ts'
import { type Outbox } from './outbox.ts'
import { type LaneStore } from './store.ts'

/** Letters that change together. */
const together = 500

/** What a running outbox says of itself. */
export function reportOutbox({ lanes, ledger, backlog }: Outbox): OfflineOutbox {
  const sinks = lanes.map(({ store }) => sinkReport(store))
  return { sinks, losses: ledger.losses, waiting: backlog.entries }
}

/** Puts dead letters into the queue once more, each for its sink alone. Gives how many. */
export function replayOnline(outbox: Outbox, filter: DeadFilter): Promise<number> {
  return change(outbox, filter, (store, { key, bytes, letter }) => {
    const operation = store && replayOf(store.name, letter)
    if (operation === undefined) return false
    store?.replayed(key, bytes)
    outbox.add(operation)
    return true
  })
}

/** Gives dead letters up for good; the loss ledger knows. Gives how many. */
export function dropOnline(outbox: Outbox, filter: DeadFilter): Promise<number> {
  return change(outbox, filter, (store, found) => {
    if (store === undefined) outbox.add(dropOrphan(outbox.ledger, found))
    else store.dropDead(found.key, found.bytes, 'operator')
    return true
  })
}

/** What is done to a letter and what its sink's account says are one transaction. */
async function change(
  { environment, lanes, progress }: Outbox,
  filter: DeadFilter,
  one: (store: LaneStore | undefined, letter: StoredLetter) => boolean,
): Promise<number> {
  const stores = new Map(lanes.map(({ store }) => [store.name, store]))
  let changed = 0
  for (const letter of [...deadLetters(environment, filter)]) {
    const store = stores.get(sinkOf(letter.key))
    if (store?.isGone(letter.key)) continue
    if (one(store, letter) && ++changed % together === 0) await progress.flush()
  }
  await progress.flush()
  return changed
}
