import { type Level } from '../alerts/alert.ts'
import { type Alert } from '../outbox/queued.ts'
import { levelOf } from './fields.ts'
import { type Color, paint } from './paint.ts'
import { printable } from './terminal-text.ts'

const colors = {
  informational: 'blue',
  low: 'cyan',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
} as const satisfies Record<Level, Color>

/** An alert as a line for a person: `12:00:00 ALERT medium  new device …`. */
export function alertLine({ document }: Alert, color: boolean): string {
  const level = levelOf(document)
  const clock = String(document['@timestamp'] ?? '').slice(11, 19)
  const mark = paint(`ALERT ${level.padEnd(8)}`, [colors[level], 'bold', 'inverse'], color)
  const message = paint(printable(String(document['message'] ?? ''), 500), ['bold'], color)
  return `${printable(clock)} ${mark} ${message}\n`
}
