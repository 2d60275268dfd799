import { type KernelCounters, newsClasses, type SourceCounters } from '../../../capture/counters.ts'
import { each, type Family, type Labels } from '../family.ts'
import { type Snapshot } from '../snapshot.ts'

const outcomes = ['sent', 'held', 'shed', 'lost'] as const
type Scalar = Exclude<keyof KernelCounters, (typeof outcomes)[number]>

const kernel = (name: string, help: string, of: Scalar): Family => ({
  type: 'counter',
  name: `kernel_${name}_total`,
  help,
  read: ({ source }) => [[source.kernel[of]]],
})
const source = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: (of: SourceCounters) => number,
): Family => ({ type, name, help, read: now => [[value(now.source)]] })

/** What the kernel saw and told, and the way up from there. */
export const captureFamilies: readonly Family[] = [
  kernel('packets', 'Packets seen.', 'packets'),
  kernel('bytes', 'Bytes of packets seen.', 'bytes'),
  {
    type: 'counter',
    name: 'kernel_records_total',
    help: 'News by class: sent, held back by the budget of its source, shed under pressure, lost because the ring was full.',
    labels: ['class', 'outcome'],
    read: news,
  },
  kernel('flows', 'Entries made in the flow table.', 'flows'),
  kernel('flows_refused', 'Entries that the flow table refused.', 'flowsFailed'),
  kernel('fragments', 'Fragments seen.', 'fragments'),
  kernel('fragments_lost', 'Fragments whose beginning is unknown.', 'fragmentsLost'),
  kernel('malformed', 'Packets that are none.', 'malformed'),
  kernel('truncated', 'Packets that end too early.', 'truncated'),
  kernel('not_ip', 'Packets that are not IP, ARP included.', 'notIp'),
  kernel('tunnelled', 'Packets in tunnels.', 'tunnelled'),
  source('counter', 'ring_records_total', 'Records read from the ring.', of => of.records),
  source(
    'gauge',
    'ring_backlog_bytes',
    'Bytes in the ring that wait for us.',
    of => of.ringBacklog,
  ),
  source('gauge', 'ring_size_bytes', 'Size of the ring.', of => of.ringSize),
  source(
    'gauge',
    'flows_live',
    'Flows in the kernel’s table at the last sweep.',
    of => of.flowsLive,
  ),
  source(
    'counter',
    'flow_updates_total',
    'Reports of flows that go on, from the sweep.',
    of => of.flowUpdates,
  ),
  source(
    'counter',
    'flow_ends_total',
    'Reports of flows that ended, from the sweep.',
    of => of.flowEnds,
  ),
  source(
    'counter',
    'flows_evicted_total',
    'Flows that the full table pushed out before their end was seen (estimate).',
    of => of.flowsEvicted,
  ),
  {
    type: 'counter',
    name: 'losses_total',
    help: 'What the sensor did not see, or saw and did not report, as in the summary.',
    labels: ['kind'],
    read: ({ loss }) => each('kind', loss, count => count),
  },
]

function* news({ source: { kernel: counts } }: Snapshot): Generator<readonly [number, Labels]> {
  for (const name of newsClasses) {
    const word = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
    for (const outcome of outcomes) yield [counts[outcome][name], { class: word, outcome }]
  }
}
