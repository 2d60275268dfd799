import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'

export type Log = Logger

export interface LogOptions {
  /** Lowest level written; `silent` writes nothing. */
  readonly level?: LevelWithSilent
  /** `text` for people, `json` for machines; default by whether stderr is a terminal. */
  readonly format?: 'text' | 'json'
  /** Where the lines go; stderr unless a test says otherwise. */
  readonly write?: (line: string) => void
}

const labels: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: '',
  40: 'warning',
  50: 'error',
  60: 'fatal',
}

/** The program's own log: stderr, one line an entry, never anything of the network unescaped. */
export function createLog(options: LogOptions = {}): Log {
  const write = options.write ?? (line => void process.stderr.write(line))
  const text = (options.format ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text'
  const stream: DestinationStream = { write: line => write(text ? textLine(line) : line) }
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { err: describeError },
    },
    stream,
  )
}

/** One JSON log entry as `12:00:00 warning: message key=value`; control characters are escaped. */
export function textLine(entry: string): string {
  const { level, time, msg, ...rest } = JSON.parse(entry) as Record<string, unknown>
  const label = labels[Number(level)] ?? ''
  const clock = String(time).slice(11, 19)
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  return `${printable(`${clock} ${label === '' ? '' : `${label}: `}${msg ?? ''}${fields.join('')}`)}\n`
}

function fieldText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return /[\s"=]/.test(value) ? JSON.stringify(value) : value
}

/** One line that cannot steer a terminal: C0, DEL, C1 and what reorders text become `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? { code: error.code } : {}
  return { ...code, message: error.message }
}
