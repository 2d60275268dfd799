import { Command } from 'commander'
import { replayEvents } from '../pipeline.ts'
import { configFor } from './config.ts'
import { options } from './options.ts'
import { progressBar } from './progress.ts'
import { type Session } from './session.ts'

const help = `
Reads pcap and pcapng, gzipped too; - is standard input. No privileges are needed. A damaged file
gives all that is whole before the damage, then the fault, and exit status 1.

Examples:
  orthrus replay --events capture.pcap | jq 'select(.event.dataset == "orthrus.flow")'
  tcpdump -w - | orthrus replay --events -`

interface Options {
  readonly config?: string
  readonly events?: boolean
}

/** `orthrus replay`: captures through the same parser as live traffic, on their own clock. */
export function replayCommand(session: Session): Command {
  return new Command('replay')
    .summary('read captures instead of interfaces')
    .description(
      'Sends captures through the sensor and prints what it makes of them as JSON lines.',
    )
    .argument('<file...>', 'captures, in the order of replay')
    .addOption(options.config())
    .requiredOption('--events', 'print every event as one ECS document a line')
    .addHelpText('after', help)
    .action(async (files: string[], { config: file }: Options) => {
      const config = configFor(session, file)
      const bar = progressBar(session.stderr)
      try {
        await replayEvents({
          config,
          files,
          stdout: session.stdout,
          stop: session.stop,
          progress: bar.update,
        })
      } finally {
        bar.clear()
      }
    })
}
