import { type Halves } from './hash-name.ts'
import { type SeenKind } from './seen-set.ts'
import { type Seen } from './store.ts'
import { type StoredBaseline } from './stored-baseline.ts'
import { type Total } from './total.ts'

const day = 86_400_000_000

/** What is merged into an entity or into all: `since` in observed time of here. */
interface Watched extends Seen {
  readonly days: number
  readonly since: number
}

/** The earliest first and the latest last sighting, the greater counts. */
export function mergeTotal(total: Total, { firstSeen, lastSeen, events, days, since }: Watched) {
  total.firstSeen = Math.min(total.firstSeen, firstSeen)
  total.lastSeen = Math.max(total.lastSeen, lastSeen)
  total.events = Math.max(total.events, events)
  total.days = Math.max(total.days, days)
  total.since = Math.min(total.since, since)
}

/** False when there is no room for one more. What has no text is known by its hash. */
export function mergeEntity(
  { set, learner, stored }: StoredBaseline,
  text: string,
  { firstSeen, lastSeen, events, days, since }: Watched,
  halves?: Halves,
): boolean {
  const known = learner.findEntity(text, halves)
  const entity = known < 0 ? learner.seeEntity(text, known, firstSeen) : known
  if (entity < 0) return false
  const { entities } = set
  entities.merge(entity, firstSeen, lastSeen, events)
  const earliest = known < 0 ? since : Math.min(since, entities.since(entity))
  const most = known < 0 ? days : Math.max(days, entities.days(entity))
  entities.watch(entity, earliest, most, Math.floor(entities.last(entity) / day))
  stored.entities.touched(entity)
  return true
}

/** False when its entity is not known, or all room of the store is taken. */
export function mergeValue(
  { set, learner, stored }: StoredBaseline,
  entity: string,
  text: string,
  seen: Seen,
  halves: { readonly entity?: Halves | undefined; readonly value?: Halves | undefined } = {},
): boolean {
  const who = learner.findEntity(entity, halves.entity)
  if (who < 0) return false
  const { pairs, values } = set
  const known = learner.findPair(who, text, halves.value)
  const what = known < 0 ? learner.findValue() : set.valueOf(known)
  const before = known < 0 ? 0 : pairs.events(known)
  const pair = known < 0 ? learner.restorePair(who, text, what, seen.firstSeen) : known
  if (pair < 0) return false
  const value = set.valueOf(pair)
  const { firstSeen, lastSeen } = seen
  pairs.merge(pair, firstSeen, lastSeen, seen.events)
  // A new value counts the sighting that made it.
  const already = what < 0 ? 1 : before
  const more = Math.max(0, pairs.events(pair) - already)
  const events = values.events(value) + more
  values.merge(value, firstSeen, lastSeen, events)
  stored.pairs.touched(pair)
  stored.values.touched(value)
  return true
}

/** Takes an entity or one value of it out; returns how many pairs went. */
export function forget(
  { learner }: StoredBaseline,
  entity: string,
  value: string | undefined,
): number {
  const who = learner.findEntity(entity)
  if (who < 0) return 0
  if (value === undefined) return learner.dropEntity(who)
  const pair = learner.findPair(who, value)
  if (pair < 0) return 0
  learner.dropPair(pair)
  return 1
}

/** Learns what was held back of the entity; returns how many. */
export function approve(baseline: StoredBaseline, entity: string, value?: string): number {
  const taken = baseline.held.take(entity, value)
  for (const held of taken) {
    const known = baseline.learner.findEntity(entity)
    if (known < 0) {
      const { observed } = baseline.describer.total()
      mergeEntity(baseline, entity, { ...held, days: 1, since: baseline.total.since + observed })
    }
    if (held.value !== undefined) mergeValue(baseline, entity, held.value, held)
  }
  return taken.length
}

/** Takes out a record whose coming could not be written: it will be new once more. */
export function unlearn({ set, learner }: StoredBaseline, kind: SeenKind, record: number): void {
  if (record >= set[kind].top || !set[kind].isUsed(record)) return
  if (kind === 'entities') learner.dropEntity(record)
  if (kind === 'pairs') learner.dropPair(record)
}
