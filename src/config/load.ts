import { SensorError } from '../errors.ts'
import { monitorComplaints } from '../operate/monitor/address.ts'
import { stateDirectory } from './defaults.ts'
import { type Complaint, type Fault, faultLine } from './fault.ts'
import { routeFaults } from './routes.ts'
import { type Config, configSchema } from './schema.ts'
import { readText } from './text.ts'
import { complaints } from './validate.ts'
import { parseYaml } from './yaml.ts'

/** Outcome of reading a configuration: `config` is there exactly when `faults` is empty. */
export type Loaded =
  | { readonly config: Config; readonly faults: readonly [] }
  | { readonly config: undefined; readonly faults: readonly Fault[] }

/** Reads and checks a configuration file, or gives the defaults without one. Never throws on its content. */
export function readConfig(file?: string): Loaded {
  if (file === undefined) return checkValue({}, () => ({ file: 'defaults', line: 1, column: 1 }))
  const text = readText(file)
  if (typeof text !== 'string') return { config: undefined, faults: [text] }
  const { value, faults, at } = parseYaml(text, file)
  if (faults.length > 0) return { config: undefined, faults }
  return checkValue(value ?? {}, (path, part) => ({ file, ...at(path, part) }))
}

/** What is found wrong with a configuration after it was read, in its place in the file. */
export function placeComplaints(file: string, found: readonly Complaint[]): Fault[] {
  const text = found.length === 0 ? undefined : readText(file)
  if (typeof text !== 'string') return text === undefined ? [] : [text]
  const { at } = parseYaml(text, file)
  return placed(found, (path, part) => ({ file, ...at(path, part) }))
}

/** As `readConfig`, but throws `CONFIG_INVALID` with one line a fault. */
export function loadConfig(file?: string): Config {
  const { config, faults } = readConfig(file)
  if (config !== undefined) return config
  const lines = faults.map(faultLine).join('\n')
  throw new SensorError('CONFIG_INVALID', lines)
}

type Place = (path: readonly string[], part: 'key' | 'value') => Omit<Fault, 'message'>

function checkValue(value: unknown, place: Place): Loaded {
  const filled = withSections(value)
  const wrong = [...complaints(configSchema, filled)]
  if (wrong.length === 0) {
    const config = filled as Config
    wrong.push(...routeFaults(config), ...monitorComplaints(config.monitor))
  }
  const faults = placed(wrong, place)
  if (faults.length > 0) return { config: undefined, faults }
  return { config: filled as Config, faults: [] }
}

/** In the order of the file. */
function placed(found: readonly Complaint[], place: Place): Fault[] {
  return found
    .map(({ path, part, message }) => ({ ...place(path, part), message }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
}

/** A section left out, or with only comments in it, is a section of defaults. */
function withSections(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const filled: Record<string, unknown> = { ...value }
  for (const [name, schema] of Object.entries(configSchema.properties)) {
    filled[name] ??= 'default' in schema ? structuredClone(schema.default) : {}
  }
  if (isMap(filled['state'])) filled['state'] = { directory: stateDirectory(), ...filled['state'] }
  return filled
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
