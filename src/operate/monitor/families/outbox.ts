import { each, type Family } from '../family.ts'

/** The queue as a whole, and the disk below it. */
export const outboxFamilies: readonly Family[] = [
  {
    type: 'gauge',
    name: 'outbox_health',
    help: '1 for the state that the outbox is in, 0 for the others.',
    labels: ['state'],
    *read({ status }) {
      for (const state of ['up', 'degraded', 'down']) {
        yield [status.health === state ? 1 : 0, { state }]
      }
    },
  },
  {
    type: 'gauge',
    name: 'outbox_entries',
    help: 'Alerts in the queue.',
    read: ({ outbox }) => [[outbox.entries]],
  },
  {
    type: 'gauge',
    name: 'outbox_bytes',
    help: 'What alerts and dead letters take.',
    read: ({ outbox }) => [[outbox.bytes]],
  },
  {
    type: 'gauge',
    name: 'outbox_quota_bytes',
    help: 'Most that they may take now.',
    read: ({ outbox }) => [[outbox.quotaBytes]],
  },
  {
    type: 'gauge',
    name: 'outbox_file_bytes',
    help: 'Size of the file that holds all of the memory.',
    read: ({ outbox }) => [[outbox.fileBytes]],
  },
  {
    type: 'histogram',
    name: 'outbox_commit_seconds',
    help: 'Time until a transaction was on the disk.',
    read: ({ commits }) => [[commits.seconds]],
  },
  {
    type: 'counter',
    name: 'outbox_commit_errors_total',
    help: 'Transactions that did not reach the disk; each but `refused` is tried again.',
    labels: ['class'],
    read: ({ commits }) => each('class', commits.errors, count => count),
  },
]
