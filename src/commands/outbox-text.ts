import { levels } from '../alerts/alert.ts'
import { printable } from '../operate/log.ts'
import { type DeadLetter } from '../outbox/dead-letter.ts'
import { type Loss } from '../outbox/ledger.ts'
import { type OfflineOutbox } from '../outbox/offline.ts'

const columns = [
  'accepted',
  'delivered',
  'pending',
  'dead',
  'dropped',
  'filtered',
  'replayed',
] as const

/** What waits and what was lost, as a table for people. */
export function statusText({ sinks, losses, waiting }: OfflineOutbox): string {
  const head = `${'sink'.padEnd(16)}${columns.map(name => name.padStart(10)).join('')}\n`
  const rows = sinks.map(sink => {
    const counts = columns.map(name => String(sink[name]).padStart(10)).join('')
    const error = sink.lastError === '' ? '' : `  ${printable(sink.lastError)}\n`
    return `${sink.sink.padEnd(16)}${counts}\n${error}`
  })
  const lost = losses.map(lossText)
  const about = lost.length === 0 ? 'nothing was given up\n' : `given up:\n${lost.join('')}`
  return `${waiting} alerts in the queue\n${sinks.length === 0 ? '' : head + rows.join('')}${about}`
}

function lossText({ sink, reason, level, rule, count, first, last }: Loss): string {
  const what = `${count} ${level} of rule ${rule === '' ? '(unknown)' : rule}`
  return `  ${printable(`${sink}: ${what}, ${reason}, ${first} to ${last}`)}\n`
}

/** One dead letter in two lines for people. */
export function letterText(letter: DeadLetter): string {
  const { sequence, sink, reason, error, status, attempts, first, last, level, alert } = letter
  const code = status === undefined ? '' : ` (${status})`
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const time = first === '' ? last : `${first} to ${last}`
  const head = `${sequence} ${sink} ${levels[level] ?? ''} ${reason}: ${error}${code}, ${tries}, ${time}`
  return `${printable(head)}\n  ${printable(sentence(alert))}\n`
}

function sentence(alert: string): string {
  try {
    const document = JSON.parse(alert) as { readonly message?: unknown }
    return String(document.message ?? '(no message)')
  } catch {
    return '(damaged)'
  }
}
