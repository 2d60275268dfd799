import { faultLine } from '../config/fault.ts'
import { readConfig } from '../config/load.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { printable } from '../operate/log.ts'
import { type Session } from './session.ts'

/** What the command line says over the configuration file. */
export interface Overrides {
  readonly interface?: readonly string[]
  readonly learn?: string
  readonly state?: string
  /** true where it was asked for. */
  readonly strict?: boolean
  /** false where it was asked for. */
  readonly index?: boolean
}

/** The configuration to run with; prints every fault and throws `CONFIG_INVALID` if there is one. */
export function configFor(session: Session, file?: string, overrides: Overrides = {}): Config {
  const { config, faults } = readConfig(file)
  if (config !== undefined) return override(config, overrides)
  for (const fault of faults) session.stderr.write(`${printable(faultLine(fault))}\n`)
  const many = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  throw new SensorError('CONFIG_INVALID', `${many} in \`${file}\``)
}

function override(config: Config, overrides: Overrides): Config {
  const { interface: interfaces, learn, state, strict = false, index = true } = overrides
  const { rules } = config
  return {
    ...config,
    rules: { ...rules, strict: rules.strict || strict, index: rules.index && index },
    capture: { ...config.capture, ...(interfaces && { interfaces: [...new Set(interfaces)] }) },
    devices: { ...config.devices, ...(learn !== undefined && { learning: learn }) },
    state: { ...config.state, ...(state !== undefined && { directory: state }) },
  }
}
