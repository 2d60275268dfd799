import { type Family, type Labels } from '../family.ts'
import { type Snapshot } from '../snapshot.ts'

/** Counts of detectors that only grow; all others tell how full a table is. */
const growing = new Set(['refused', 'evicted', 'unwatched'])

const one = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: (now: Snapshot) => number,
): Family => ({ type, name, help, read: now => [[value(now)]] })

/** Rules, detectors, baselines and the inventory. */
export const analysisFamilies: readonly Family[] = [
  one('gauge', 'rules', 'Rules that run.', now => now.rules.size),
  one('gauge', 'rule_faults', 'Faults found in the rules.', now => now.rules.faults),
  one('counter', 'rule_events_total', 'Events that rules looked at.', now => now.rules.events),
  one(
    'counter',
    'rule_candidates_total',
    'Times that a rule was asked about an event.',
    now => now.rules.candidates,
  ),
  one('counter', 'rule_matches_total', 'Times that a rule said yes.', now => now.rules.matches),
  {
    type: 'counter',
    name: 'rule_alerts_total',
    help: 'Alerts by the id of their rule; beyond 512 rules it is `other`.',
    labels: ['rule'],
    *read({ alerts }) {
      for (const [rule, count] of alerts.rules) yield [count, { rule }]
    },
  },
  {
    type: 'gauge',
    name: 'detector_entries',
    help: 'How full the tables of a detector are.',
    labels: ['detector', 'table'],
    read: now => tables(now, name => !growing.has(name)),
  },
  {
    type: 'counter',
    name: 'detector_refused_total',
    help: 'Keys for which a detector had no room.',
    labels: ['detector', 'reason'],
    *read(now) {
      for (const [count, { detector = '', table = '' }] of tables(now, name => growing.has(name))) {
        yield [count, { detector, reason: table }]
      }
    },
  },
  one('gauge', 'baselines', 'Baselines that are open.', now => now.baselines.open),
  one(
    'gauge',
    'baseline_values',
    'Values that they remember, of all entities.',
    now => now.baselines.values,
  ),
  one('gauge', 'baseline_values_limit', 'Most that they may.', now => now.baselines.limit),
  one(
    'counter',
    'baseline_refused_total',
    'Sightings that a limit kept from being remembered.',
    now => now.baselines.refused,
  ),
  one('gauge', 'devices', 'Devices in the inventory.', now => now.devices.known),
  one(
    'counter',
    'devices_refused_total',
    'Sightings of devices for which there was no room.',
    now => now.devices.refused,
  ),
]

function* tables(
  { detectors }: Snapshot,
  wanted: (name: string) => boolean,
): Generator<readonly [number, Labels]> {
  for (const [detector, counts] of Object.entries(detectors)) {
    for (const [table, count] of Object.entries(counts)) {
      if (wanted(table)) yield [count, { detector, table }]
    }
  }
}
