import { type Novelty } from '../baseline/novelty-log.ts'
import { type BaselineSummary } from '../baseline/requests.ts'
import { type BaselineRecord, type HeldValue } from '../baseline/store.ts'
import { isoTime } from '../decode/clock.ts'
import { printable } from '../operate/log.ts'

const day = 86_400e6
const hour = 3600e6

/** All baselines, as a table for people. */
export function listText(all: readonly BaselineSummary[], titles: ReadonlyMap<string, string>) {
  if (all.length === 0) return 'nothing has been learned yet\n'
  const head = `${'watched'.padStart(9)}${'entities'.padStart(10)}${'values'.padStart(10)}${'held'.padStart(6)}  rule\n`
  const rows = all.map(({ rule, observed, entities, values, held }) => {
    const counts = `${span(observed).padStart(9)}${String(entities).padStart(10)}${String(values).padStart(10)}${String(held).padStart(6)}`
    return `${counts}  ${printable(nameOf(rule, titles))}\n`
  })
  return head + rows.join('')
}

/** A record of an export as a line; values stand below their entity. */
export function recordText(record: BaselineRecord, titles: ReadonlyMap<string, string>): string {
  const { firstSeen, lastSeen, events } = record
  const seen = `${date(firstSeen)} to ${date(lastSeen)}, ${events} times`
  if (record.kind === 'baseline') {
    return `${printable(nameOf(record.id, titles))}: watched ${span(record.observed)}, ${seen}\n`
  }
  if (record.kind === 'entity') return `  ${printable(record.entity)}  ${seen}\n`
  return `    ${printable(record.value.replace('\0', '#'))}  ${seen}\n`
}

export function heldText(one: HeldValue & { readonly id: string }): string {
  const what = one.value === undefined ? one.entity : `${one.entity} ${one.value}`
  const seen = `first seen ${date(one.firstSeen)}, ${one.events} times`
  return `${printable(one.id)} ${printable(what)}  ${seen}\n`
}

/** Why an alert said that something is new, in sentences. */
export function whyText({ message, baseline }: Novelty): string {
  const list = (name: string) =>
    Array.isArray(baseline[name]) ? (baseline[name] as unknown[]).join(', ') : ''
  const fact = (name: string) => (baseline[name] === undefined ? '' : String(baseline[name]))
  const value = list('value')
  const known = fact('entity_first_seen')
  const lines = [
    message,
    `  ${reasons[fact('reason')] ?? fact('reason')}: ${[list('entity'), value].filter(Boolean).join(' and ')}`,
    `  the baseline exists since ${fact('since')}`,
    known === ''
      ? `  ${list('entity')} was never seen before`
      : `  ${list('entity')} is known since ${known}, with ${fact('entity_values')} values`,
    value === ''
      ? ''
      : `  ${fact('others')} of ${fact('entities')} known entities had it before${fact('value_first_seen') && `, first ${fact('value_first_seen')}`}`,
    list('nearest') === '' ? '' : `  most like it are ${list('nearest')}`,
  ]
  return `${lines
    .filter(Boolean)
    .map(line => printable(line))
    .join('\n')}\n`
}

const reasons: Readonly<Record<string, string>> = {
  'new-value': 'new value',
  'rare-value': 'rare value',
  'new-entity': 'new entity',
}

function nameOf(rule: string, titles: ReadonlyMap<string, string>): string {
  const title = titles.get(rule)
  return title === undefined ? rule : `${rule} ${title}`
}

function span(microseconds: number): string {
  return microseconds >= day
    ? `${Math.floor(microseconds / day)} d`
    : `${Math.floor(microseconds / hour)} h`
}

function date(time: number): string {
  return isoTime(time).slice(0, 16)
}
