import { Command } from 'commander'
import { type Config } from '../config/schema.ts'
import { createLog, type Log } from '../operate/log.ts'
import { runLive } from '../pipeline.ts'
import { configFor, type Overrides } from './config.ts'
import { learnOverride, options } from './options.ts'
import { type Output, outputOf, type Session } from './session.ts'

const help = `
Needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; \`orthrus doctor\` says what is missing.
Ctrl-C ends it with a last summary; traffic is never touched, and nothing stays in the kernel.

Examples:
  orthrus run                            watch the interface of the default route
  orthrus run -i eth0 -i wg0             watch two interfaces
  orthrus run --learn 0                  alert on every device from the first packet
  orthrus run -c orthrus.yaml -o json    alerts as JSON lines on stdout`

interface Options extends Overrides {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus run`: the live sensor, until it is told to stop. */
export function runCommand(session: Session): Command {
  return new Command('run')
    .summary('watch the network')
    .description('Watches the network until Ctrl-C, and barks at what is new.')
    .addOption(options.config())
    .addOption(options.interfaces())
    .addOption(options.learn())
    .addOption(options.state())
    .addOption(options.strict())
    .addOption(options.noIndex())
    .addOption(options.output())
    .addHelpText('after', help)
    .action(async ({ config: file, output: asked, ...overrides }: Options) => {
      const config = configFor(session, file, overrides)
      const output = outputOf(session, asked)
      const log = logFor(config, session, output)
      const learn = learnOverride(overrides.learn)
      await runLive(config, session.stop, { ...session, log, output, learn })
    })
}

/** Who reads lines on stdout reads the summaries on stderr too: JSON between them is for nobody. */
function logFor({ log }: Config, { debug, stderr }: Session, output: Output): Log {
  const level = debug ? 'debug' : log.level
  const automatic = output === 'text' || stderr.isTTY ? 'text' : 'json'
  return createLog({ level, format: log.format === 'auto' ? automatic : log.format })
}
