import { Command } from 'commander'
import { checkPlaces } from '../operate/doctor/places.ts'
import { doctorJson, doctorText, examine, isHealthy } from '../operate/doctor.ts'
import { configFor, type Overrides } from './config.ts'
import { options } from './options.ts'
import { type Output, outputOf, type Session } from './session.ts'

const help = `
Looks at kernel, BTF, privileges, libbpf, interfaces, disk and the data of places; loads the
programs to be sure, but attaches nothing. Below what does not work stands the command that mends
it. Exit status is 1 when \`orthrus run\` cannot work.

Examples:
  sudo orthrus doctor
  sudo orthrus doctor -i eth0 -o json | jq '.checks[] | select(.state != "ok")'`

interface Options extends Overrides {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus doctor`: what works here, what does not, and what mends it. */
export function doctorCommand(session: Session): Command {
  return new Command('doctor')
    .summary('say what works here, and what mends the rest')
    .description('Examines this machine: what works, what does not, and the command that mends it.')
    .addOption(options.config())
    .addOption(options.interfaces())
    .addOption(options.state())
    .addOption(options.output())
    .addHelpText('after', help)
    .action(({ config: file, output, ...overrides }: Options) => {
      const { capture, state, enrich } = configFor(session, file, overrides)
      const checks = [
        ...examine({ capture, directory: state.directory }),
        ...checkPlaces(enrich.geo),
      ]
      const text = outputOf(session, output) === 'text' ? doctorText(checks) : doctorJson(checks)
      session.stdout.write(text)
      session.status = isHealthy(checks) ? 0 : 1
    })
}
