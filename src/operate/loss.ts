import { type ClassCounts, type SourceCounters } from '../capture/counters.ts'

/** What the sensor did not see, or saw and did not report. Only what is not 0. */
export type Loss = Readonly<Record<string, number>>

/**
 * The blindness between two readings: records by `lost` (the ring buffer was full), `shed` (given up
 * under pressure) and `held` (a source's budget) and class, flows, fragments and packets.
 */
export function lossBetween(before: SourceCounters, after: SourceCounters): Loss {
  const [old, now] = [before.kernel, after.kernel]
  const counts: [string, number][] = [
    ...classes('lost', old.lost, now.lost),
    ...classes('shed', old.shed, now.shed),
    ...classes('held', old.held, now.held),
    ['flows_refused', now.flowsFailed - old.flowsFailed],
    ['flows_evicted', after.flowsEvicted - before.flowsEvicted],
    ['fragments_lost', now.fragmentsLost - old.fragmentsLost],
    ['malformed', now.malformed - old.malformed],
    ['truncated', now.truncated - old.truncated],
  ]
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

/** Records that were lost or shed: news that will not come again. Held-back repeats are not. */
export function recordsLost(loss: Loss): number {
  return Object.entries(loss)
    .filter(([name]) => name.startsWith('lost_') || name.startsWith('shed_'))
    .reduce((sum, [, count]) => sum + count, 0)
}

function classes(set: string, before: ClassCounts, after: ClassCounts): [string, number][] {
  return Object.entries(after).map(([name, count]) => [
    `${set}_${name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}`,
    count - (before[name as keyof ClassCounts] ?? 0),
  ])
}
