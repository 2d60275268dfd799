import { Command } from 'commander'
import { replayAlerts, replayEvents } from '../pipeline.ts'
import { configFor } from './config.ts'
import { learnOverride, options } from './options.ts'
import { progressBar } from './progress.ts'
import { type Session } from './session.ts'

const help = `
Reads pcap and pcapng, gzipped too; - is standard input. No privileges are needed. A damaged file
gives all that is whole before the damage, then the fault, and exit status 1. The clock is the
captures' own, so the same captures give the same alerts with the same ids every time.

Examples:
  orthrus replay --learn 0 capture.pcap
  orthrus replay --events capture.pcap | jq 'select(.event.dataset == "orthrus.flow")'
  tcpdump -w - | orthrus replay --events -`

interface Options {
  readonly config?: string
  readonly events?: boolean
  readonly learn?: string
  readonly state?: string
  readonly strict?: boolean
  readonly index?: boolean
}

/** `orthrus replay`: captures through the same parser as live traffic, on their own clock. */
export function replayCommand(session: Session): Command {
  return new Command('replay')
    .summary('read captures instead of interfaces')
    .description(
      'Sends captures through the sensor and prints the alerts, or all events, as JSON lines.',
    )
    .argument('<file...>', 'captures, in the order of replay')
    .addOption(options.config())
    .addOption(options.learn())
    .addOption(options.state())
    .addOption(options.strict())
    .addOption(options.noIndex())
    .option('--events', 'no rules: every event as one ECS document a line')
    .addHelpText('after', help)
    .action(async (files: string[], { config: file, events, state, ...overrides }: Options) => {
      const config = configFor(session, file, overrides)
      const learn = learnOverride(overrides.learn)
      const bar = progressBar(session.stderr)
      const shared = { config, files, stop: session.stop, progress: bar.update }
      const { stdout, stderr, log } = session
      try {
        if (events === true) await replayEvents({ ...shared, stdout })
        else await replayAlerts({ ...shared, stdout, stderr, log, state, learn })
      } finally {
        bar.clear()
      }
    })
}
