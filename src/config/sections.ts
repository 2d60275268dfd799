import { Type } from 'typebox'
import { duration, networks, section } from './section.ts'
import { sinksSection } from './sinks.ts'

export const networkOptions = section('What belongs to us.', {
  home: networks({
    default: [],
    description: 'Networks of our own; none means those of the watched interfaces.',
  }),
})

export const summaryOptions = section('What the console says now and then.', {
  interval: duration({
    default: '60s',
    maxDuration: '1d',
    description: 'Time between two summaries; 0 for only the one at exit.',
  }),
})

export const logOptions = section('The program about itself, on stderr.', {
  level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'Lowest level that is written.',
  }),
  format: Type.Enum(['auto', 'text', 'json'], {
    default: 'auto',
    description: 'Lines for people or for machines; auto looks whether stderr is a terminal.',
  }),
})

const consoleKind = {
  schema: Type.Object(
    {
      format: Type.Enum(['auto', 'text', 'json'], {
        default: 'auto',
        description: 'Lines for people or JSON; auto looks whether stdout is a terminal.',
      }),
    },
    { additionalProperties: false, description: 'Standard output.' },
  ),
}

const fileKind = {
  schema: Type.Object(
    {
      path: Type.String({
        minLength: 1,
        description: 'File that each alert is appended to as one JSON line; SIGHUP opens it anew.',
        examples: ['/var/log/orthrus/alerts.jsonl'],
      }),
    },
    { additionalProperties: false, description: 'A file of JSON lines.' },
  ),
}

export const sinksOptions = sinksSection({ console: consoleKind, file: fileKind })
