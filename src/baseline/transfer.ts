import { mergeEntity, mergeTotal, mergeValue } from './amend.ts'
import { hashName, isHashName, readHashName } from './hash-name.ts'
import { type BaselineRecord } from './store.ts'
import { type OpenBaseline, type StoredBaseline } from './stored-baseline.ts'

/**
 * Everything that the baselines know: each before its entities, each entity before its values, in the
 * order of their names. What has no text is named by its hash, which means something only where the
 * secret is the one of `key`.
 */
export function* exportBaselines(
  all: Iterable<OpenBaseline>,
  key: string | undefined,
): Generator<BaselineRecord> {
  for (const { head, baseline } of all) {
    const { id, hash } = head
    const { firstSeen, lastSeen, observed, events, days } = baseline.describer.total()
    if (events === 0) continue
    yield { kind: 'baseline', id, hash, firstSeen, lastSeen, observed, events, days, key }
    for (const [entity, record] of named(baseline, 'entities', recordsOf(baseline))) {
      // Others may learn and forget between two records.
      if (!baseline.set.entities.isUsed(record)) continue
      yield { kind: 'entity', id, entity, ...entityFacts(baseline, record) }
      const pairs = baseline.set.pairsOf(record, Number.POSITIVE_INFINITY)
      const values = pairs.map(pair => baseline.set.valueOf(pair))
      const pairOf = new Map(values.map((value, index) => [value, pairs[index] ?? 0]))
      for (const [value, one] of named(baseline, 'values', values)) {
        yield { kind: 'value', id, entity, value, ...baseline.seen('pairs', pairOf.get(one) ?? 0) }
      }
    }
  }
}

function* recordsOf({ set: { entities } }: StoredBaseline): Iterable<number> {
  for (let record = 0; record < entities.top; record++) if (entities.isUsed(record)) yield record
}

function named(
  baseline: StoredBaseline,
  kind: 'entities' | 'values',
  records: Iterable<number>,
): [string, number][] {
  const names: [string, number][] = Array.from(records, record => [
    baseline.textOf(kind, record) ?? hashName(halvesOf(baseline, kind, record)),
    record,
  ])
  return names.sort(([one], [other]) => (one < other ? -1 : 1))
}

function halvesOf({ set }: StoredBaseline, kind: 'entities' | 'values', record: number) {
  return { high: set[kind].one(record), low: set[kind].two(record) }
}

function entityFacts(baseline: StoredBaseline, record: number) {
  const { firstSeen, lastSeen, observed, events, days } = baseline.describer.entity(record)
  return { firstSeen, lastSeen, observed, events, days }
}

/** Where records are merged into. */
export interface Merge {
  /** Baselines of the records so far, by the rule's id, and whether their hashes are those of here. */
  readonly of: Map<string, OpenBaseline & { readonly isOurs: boolean }>
  /** µs of observed time, as it is here. */
  readonly observed: number
  /** Tells the secret of here from others. */
  readonly key: string
  readonly open: (id: string, hash: string) => OpenBaseline
}

/** Merges one record; false when it makes no sense, or there is no room. */
export function mergeRecord(record: BaselineRecord, merge: Merge): boolean {
  if (!isSound(record)) return false
  if (record.kind === 'baseline') {
    const open = merge.open(record.id, record.hash)
    merge.of.set(record.id, { ...open, isOurs: record.key === merge.key })
    mergeTotal(open.baseline.total, { ...record, since: merge.observed - record.observed })
    return true
  }
  const { baseline, isOurs = false } = merge.of.get(record.id) ?? {}
  if (baseline === undefined || !(isOurs || namesOf(record).every(isText))) return false
  const { entity } = record
  if (record.kind === 'value') {
    const halves = { entity: readHashName(entity), value: readHashName(record.value) }
    return mergeValue(baseline, entity, record.value, record, halves)
  }
  const since = merge.observed - record.observed
  return mergeEntity(baseline, entity, { ...record, since }, readHashName(entity))
}

/** Records come from files: their types say what they should be. */
function isSound(record: BaselineRecord): boolean {
  const { id, firstSeen, lastSeen, events } = record
  const numbers: unknown[] = [firstSeen, lastSeen, events]
  const texts: unknown[] = [id, ...namesOf(record)]
  if (record.kind !== 'value') numbers.push(record.observed, record.days)
  if (record.kind === 'baseline') texts.push(record.hash)
  const isCounted = Number.isInteger(events) && events > 0 && firstSeen <= lastSeen
  return (
    isCounted &&
    texts.every(text => typeof text === 'string') &&
    numbers.every(number => Number.isFinite(number)) &&
    namesOf(record).every(name => isText(name) || readHashName(name) !== undefined)
  )
}

function namesOf(record: BaselineRecord): readonly string[] {
  if (record.kind === 'baseline') return []
  return record.kind === 'value' ? [record.entity, record.value] : [record.entity]
}

function isText(name: unknown): boolean {
  return typeof name === 'string' && !isHashName(name)
}
