import { onTestFinished } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import { acceptOperation } from '../../src/outbox/entry.ts'
import {
  type Outbox,
  type OutboxOptions,
  type Outlet,
  openOutbox,
} from '../../src/outbox/outbox.ts'
import { type Alert } from '../../src/outbox/queued.ts'
import { type Receiver } from '../../src/outbox/receiver.ts'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { keySequence } from '../../src/storage/entry.ts'
import { type Environment } from '../../src/storage/environment.ts'

export const silent = createLog({ level: 'silent' })

/** A sink that keeps what it gets, unless `fault` says no. */
export function keeper(
  fault: (batch: readonly Alert[]) => unknown = () => undefined,
  more: Partial<Receiver> = {},
) {
  const alerts: Alert[] = []
  const state = { sends: 0, closed: 0 }
  return {
    alerts,
    state,
    get ids() {
      return alerts.map(alert => alert.id)
    },
    send: async (batch: readonly Alert[]) => {
      state.sends++
      const error = await fault(batch)
      if (error !== undefined) throw error
      alerts.push(...batch)
    },
    close: async () => {
      state.closed++
    },
    ...more,
  }
}

export const down = (text = 'down') => new SinkError('transient', text)
export const refused = (text = 'never') => new SinkError('permanent', text)

/** Opens an outbox that pauses for no longer than 1 ms; it ends with the test, however that ends. */
export async function open(
  environment: Environment,
  sinks: Record<string, Receiver | Outlet>,
  options: Partial<OutboxOptions> = {},
): Promise<Outbox> {
  const outlets = new Map<string, Outlet>()
  for (const [name, one] of Object.entries(sinks)) {
    outlets.set(name, 'receiver' in one ? one : { receiver: one })
  }
  const outbox = await openOutbox({ environment, outlets, log: silent, baseMs: 1, ...options })
  onTestFinished(() => outbox.close(0))
  return outbox
}

export interface Made {
  readonly level?: string
  readonly key?: string
  readonly rule?: string
  readonly tags?: readonly string[]
  /** Length of some text in it. */
  readonly size?: number
}

/** A document with this id. */
export function made(
  id: string,
  { level = 'high', key, rule = 'r', tags = [], size = 0 }: Made = {},
) {
  return {
    '@timestamp': '2026-11-22T08:21:03.123456Z',
    message: 'x'.repeat(size),
    labels: { level },
    tags,
    event: { kind: 'alert', id },
    rule: { id: rule, name: `rule ${rule}` },
    network: { community_id: key ?? id },
  }
}

/** Puts alerts on the disk, each in a commit of its own, as a baseline does. */
export async function put(environment: Environment, ids: readonly string[], options: Made = {}) {
  const commits = ids.map(id => environment.commit([acceptOperation(made(id, options))]))
  return (await Promise.all(commits)).flat()
}

export async function accept(outbox: Outbox, ids: readonly string[], options: Made = {}) {
  const sequences = await put(outbox.environment, ids, options)
  for (const sequence of sequences) outbox.added(sequence)
  return sequences
}

export const names = (count: number, prefix = 'a') =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)

export const onDisk = (environment: Environment) =>
  environment.scan('alerts', { limit: 1e6 }, 0).map(({ key }) => keySequence(key))

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(done => setTimeout(done, 2))
}

/**
 * R10: accepted = delivered + dead + dropped + filtered + replayed + pending, where pending is
 * counted one by one. Gives what does not add up.
 */
export function imbalance(outbox: Outbox): string[] {
  return outbox.lanes.flatMap(({ store }) => {
    const { account } = store
    let pending = 0
    for (const sequence of outbox.backlog.upTo(9, 0)) if (!store.isDone(sequence)) pending++
    const sum =
      account.delivered +
      account.dead +
      account.dropped +
      account.filtered +
      account.replayed +
      pending
    const dropped = outbox.ledger.losses
      .filter(loss => loss.sink === store.name)
      .reduce((total, { count }) => total + count, 0)
    const faults: string[] = []
    if (sum !== store.accepted) faults.push(`${store.name}: ${store.accepted} became ${sum}`)
    if (dropped !== account.dropped) faults.push(`${store.name}: ledger says ${dropped}`)
    return faults
  })
}
