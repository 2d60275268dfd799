import { noSourceCounters } from '../../../src/capture/counters.ts'
import { AlertTally } from '../../../src/operate/alert-tally.ts'
import { processCounts } from '../../../src/operate/monitor/process.ts'
import { type Readings, type Snapshot } from '../../../src/operate/monitor/snapshot.ts'
import { type Outbox } from '../../../src/outbox/outbox.ts'

/** What a real outbox says of itself, beside a quiet sensor; `more` is what else there is. */
export function readingsOfOutbox(outbox: Outbox, more: Partial<Snapshot> = {}): Readings {
  const health = () => ({ status: outbox.status, commits: outbox.environment.commits() })
  return {
    health: () => ({ ...health(), ...more }),
    all: () => ({
      ...health(),
      outbox: outbox.metrics,
      lostAlerts: outbox.ledger.losses,
      source: noSourceCounters(),
      loss: {},
      alerts: new AlertTally(),
      rules: { size: 3, faults: 0, events: 10, candidates: 5, matches: 2 },
      detectors: { scan: { pairs: 7, refused: 2 } },
      baselines: { open: 4, values: 900, limit: 1000, refused: 1, damaged: 0 },
      devices: { known: 12, refused: 0, addressesRefused: 0, damaged: 0, learningLeft: 0 },
      process: processCounts(),
      ...more,
    }),
  }
}
