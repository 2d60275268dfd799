import { type SinkStatus } from '../../outbox/status.ts'
import { type Page, plain } from './server.ts'
import { type Snapshot } from './snapshot.ts'

/** A transaction that takes so long will not end: the writer thread hangs, or the disk does. */
const longestCommitMs = 60_000

/** Alive: the event loop, for it answers, and the thread that writes. */
export function livePage({ commits }: Pick<Snapshot, 'commits'>): Page {
  const seconds = Math.round(commits.underWayMs / 1000)
  if (commits.underWayMs < longestCommitMs) return plain(200, 'alive')
  return plain(503, `a transaction has not ended for ${seconds} s`)
}

/** Ready: what is raised now becomes durable. A sink that is down is no matter here. */
export function readyPage({ status }: Pick<Snapshot, 'status'>): Page {
  if (status.health === 'down') return plain(503, 'the memory cannot be written; alerts wait')
  return plain(200, 'ready')
}

/** All of it for a person or a program; texts of far sides may hold anything and stay in the log. */
export function statusPage(now: Snapshot): Page {
  const { process: own, status, source, rules, devices, baselines, loss } = now
  const { sinks, ...outbox } = status
  const document = {
    version: own.version,
    uptimeSeconds: Math.round(Date.now() / 1000 - own.startTime),
    health: worst(now),
    outbox,
    sinks: Object.fromEntries(Object.entries(sinks).map(([name, one]) => [name, sinkOf(one)])),
    capture: {
      packets: source.kernel.packets,
      bytes: source.kernel.bytes,
      records: source.records,
      flowsLive: source.flowsLive,
      missed: loss,
    },
    rules: { running: rules.size, faults: rules.faults },
    devices: { known: devices.known, learningLeftSeconds: Math.round(devices.learningLeft / 1e6) },
    baselines: { values: baselines.values, limit: baselines.limit },
    memory: { residentBytes: own.residentBytes, anonymousBytes: own.anonymousBytes },
  }
  return { status: 200, type: 'application/json', body: `${JSON.stringify(document, null, 2)}\n` }
}

function sinkOf({ lastError: _, ...status }: SinkStatus) {
  return status
}

function worst({ status }: Snapshot): 'up' | 'degraded' | 'down' {
  if (status.health !== 'up') return status.health
  return Object.values(status.sinks).every(({ state }) => state === 'up') ? 'up' : 'degraded'
}
