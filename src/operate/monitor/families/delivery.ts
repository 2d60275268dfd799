import { levels } from '../../../alerts/alert.ts'
import { type LossReason } from '../../../outbox/ledger.ts'
import { type LaneMetrics } from '../../../outbox/status.ts'
import { type Timings } from '../../../storage/timings.ts'
import { each, type Family, type Labels } from '../family.ts'
import { type Snapshot } from '../snapshot.ts'

const states = ['up', 'degraded', 'down', 'disabled'] as const
/** Reasons for which a dead letter is given up, and none that waits. */
const ofDead: readonly LossReason[] = ['dead_letters', 'operator']

const perSink = (name: string, help: string, value: (sink: LaneMetrics) => number) => ({
  name,
  help,
  labels: ['sink'],
  read: ({ outbox }: Snapshot) => each('sink', outbox.sinks, value),
})
const counter = (...of: Parameters<typeof perSink>): Family => ({
  type: 'counter',
  ...perSink(...of),
})
const gauge = (...of: Parameters<typeof perSink>): Family => ({ type: 'gauge', ...perSink(...of) })

const timings = (name: string, help: string, value: (sink: LaneMetrics) => Timings): Family => ({
  type: 'histogram',
  name,
  help,
  labels: ['sink'],
  *read({ outbox }) {
    for (const [sink, one] of Object.entries(outbox.sinks)) yield [value(one), { sink }]
  },
})

/** What became of alerts (R18 of the requirements); totals of a sink go on over restarts. */
export const deliveryFamilies: readonly Family[] = [
  {
    type: 'counter',
    name: 'alerts_raised_total',
    help: 'Alerts raised since the start.',
    labels: ['severity'],
    read: ({ alerts }) => each('severity', alerts.levels, count => count),
  },
  counter(
    'alerts_accepted_total',
    'Durable alerts that the sink had to decide on.',
    one => one.accepted,
  ),
  counter('alerts_delivered_total', 'Alerts that the sink has.', one => one.delivered),
  counter('alerts_filtered_total', 'Alerts that the sink does not want.', one => one.filtered),
  counter('alerts_replayed_total', 'Dead letters that were sent once more.', one => one.replayed),
  {
    type: 'counter',
    name: 'alerts_dropped_total',
    help: 'Alerts that the sink will never get.',
    labels: ['sink', 'severity', 'reason'],
    read: lost,
  },
  {
    type: 'counter',
    name: 'alerts_dead_lettered_total',
    help: 'Alerts that became dead letters.',
    labels: ['sink'],
    read: deadLettered,
  },
  gauge('dlq_entries', 'Dead letters that are kept.', one => one.dead),
  {
    type: 'counter',
    name: 'delivery_attempts_total',
    help: 'Batches handed to the sink.',
    labels: ['sink', 'result'],
    *read({ outbox }) {
      for (const [sink, { attempts }] of Object.entries(outbox.sinks)) {
        yield [attempts.ok, { sink, result: 'ok' }]
        yield [attempts.failed, { sink, result: 'failed' }]
      }
    },
  },
  {
    type: 'counter',
    name: 'delivery_retries_total',
    help: 'Failures after which what failed is sent again.',
    labels: ['sink', 'class'],
    *read({ outbox }) {
      for (const [sink, { retries }] of Object.entries(outbox.sinks)) {
        for (const [fault, count] of Object.entries(retries)) yield [count, { sink, class: fault }]
      }
    },
  },
  timings('delivery_duration_seconds', 'Time that a batch took.', one => one.duration),
  timings(
    'delivery_latency_seconds',
    'Time from the commit that accepted an alert to its acknowledgement.',
    one => one.latency,
  ),
  {
    type: 'gauge',
    name: 'sink_state',
    help: '1 for the state that the sink is in, 0 for the others.',
    labels: ['sink', 'state'],
    *read({ outbox }) {
      for (const [sink, one] of Object.entries(outbox.sinks)) {
        for (const state of states) yield [one.state === state ? 1 : 0, { sink, state }]
      }
    },
  },
  counter(
    'sink_rate_limited_seconds_total',
    'Time for which the far side asked to be left alone.',
    one => one.rateLimitedSeconds,
  ),
  gauge('sink_inflight_bytes', 'Bytes of alerts under way.', one => one.inflightBytes),
  {
    type: 'gauge',
    name: 'sink_certificate_expiry_timestamp_seconds',
    help: 'When our own certificate for the sink ends.',
    labels: ['sink'],
    *read({ outbox }) {
      for (const [sink, { certificateExpires }] of Object.entries(outbox.sinks)) {
        if (certificateExpires) yield [Date.parse(certificateExpires) / 1000, { sink }]
      }
    },
  },
  gauge('outbox_pending_entries', 'Alerts that the sink is still to get.', one => one.pending),
  gauge('outbox_pending_bytes', 'What they take on the disk.', one => one.pendingBytes),
  gauge('outbox_oldest_seconds', 'Age of the oldest of them.', one => one.oldestSeconds),
]

function* lost({ lostAlerts, outbox }: Snapshot): Generator<readonly [number, Labels]> {
  const sums = new Map<string, number>()
  for (const { sink, level, reason, count } of lostAlerts) {
    const key = `${sink}\0${level}\0${reason}`
    sums.set(key, (sums.get(key) ?? 0) + count)
  }
  // A series that is there from the start shows its first loss as a rise.
  for (const sink of Object.keys(outbox.sinks)) {
    for (const severity of levels) {
      const key = `${sink}\0${severity}\0quota`
      if (!sums.has(key)) sums.set(key, 0)
    }
  }
  for (const [key, count] of sums) {
    const [sink = '', severity = '', reason = ''] = key.split('\0')
    if (Object.hasOwn(outbox.sinks, sink)) yield [count, { sink, severity, reason }]
  }
}

function* deadLettered({ lostAlerts, outbox }: Snapshot): Generator<readonly [number, Labels]> {
  for (const [sink, { dead, replayed }] of Object.entries(outbox.sinks)) {
    const gone = lostAlerts.filter(loss => loss.sink === sink && ofDead.includes(loss.reason))
    yield [dead + replayed + gone.reduce((sum, { count }) => sum + count, 0), { sink }]
  }
}
