import { type Document, type Level, levels, severities } from '../alerts/alert.ts'
import { type Operation } from '../storage/operation.ts'

/*
 * An alert as the queue stores it, so that its level and age are known without parsing it:
 *
 *    0  1  0x80 | flags | level; flags: 0x08 replayed
 *    1  8  when it was accepted, ms since the Unix epoch, double, little-endian
 *    9  1  length of the rule's id, then the id in UTF-8
 *       1  length of the name of the only sink that it is for, 0 for all; then the name
 *          the document in JSON
 *
 * An entry of before this layout is the JSON alone and begins with a brace.
 */

const marked = 0x80
const replayedFlag = 0x08
const levelMask = 0x07
const longestWord = 64
/** Most bytes that what stands before the document can have. */
export const longestHead = 9 + 2 * (1 + longestWord)

/** What is known of an alert without its document. */
export interface EntryHead {
  /** Index into `levels`. */
  readonly level: number
  /** ms since the Unix epoch; 0 when unknown. */
  readonly acceptedAt: number
  readonly rule: string
  /** The only sink that it is for. */
  readonly only: string | undefined
  readonly replayed: boolean
  /** Where the document begins. */
  readonly length: number
}

export interface EntryOptions {
  readonly acceptedAt?: number
  readonly only?: string
  readonly replayed?: boolean
}

/** The change that accepts an alert: it belongs into the transaction of what caused it. */
export function acceptOperation(document: Document, options: EntryOptions = {}): Operation {
  return { kind: 'append', table: 'alerts', value: alertEntry(document, options) }
}

/** The stored form of an alert. */
export function alertEntry(document: Document, options: EntryOptions = {}): Buffer {
  const rule = word(field(document, 'rule', 'id') ?? field(document, 'event', 'action'))
  const only = word(options.only)
  const json = JSON.stringify(document)
  const start = 11 + rule.length + only.length
  const entry = Buffer.allocUnsafe(start + Buffer.byteLength(json))
  entry[0] = marked | (options.replayed ? replayedFlag : 0) | levelOf(document)
  entry.writeDoubleLE(options.acceptedAt ?? Date.now(), 1)
  entry[9] = rule.length
  rule.copy(entry, 10)
  entry[10 + rule.length] = only.length
  only.copy(entry, 11 + rule.length)
  entry.write(json, start)
  return entry
}

/** The head of a stored alert, or of its first `longestHead` bytes; never throws on damage. */
export function entryHead(entry: Buffer): EntryHead {
  const first = entry[0] ?? 0
  if ((first & marked) === 0 || entry.length < 11) return unknownHead
  const rule = wordAt(entry, 9)
  const only = wordAt(entry, 10 + rule.length)
  return {
    level: Math.min(first & levelMask, levels.length - 1),
    acceptedAt: entry.readDoubleLE(1),
    rule: rule.toString(),
    only: only.length === 0 ? undefined : only.toString(),
    replayed: (first & replayedFlag) !== 0,
    length: 11 + rule.length + only.length,
  }
}

/** A document of an older release counts as high: it must not be the first that is given up. */
const unknownHead: EntryHead = {
  level: levels.indexOf('high'),
  acceptedAt: 0,
  rule: '',
  only: undefined,
  replayed: false,
  length: 0,
}

/** The text at `document.first.second`. */
export function field(document: Document, first: string, second: string): string | undefined {
  const outer = document[first]
  if (typeof outer !== 'object' || outer === null) return undefined
  const value = (outer as Document)[second]
  return typeof value === 'string' ? value : undefined
}

function levelOf(document: Document): number {
  const named = levels.indexOf(field(document, 'labels', 'level') as Level)
  if (named >= 0) return named
  const severity = (document['event'] as { readonly severity?: unknown } | undefined)?.severity
  const known = levels.findLastIndex(level => Number(severity) >= severities[level])
  return known < 0 ? unknownHead.level : known
}

function word(text: string | undefined): Buffer {
  return Buffer.from(text ?? '').subarray(0, longestWord)
}

function wordAt(entry: Buffer, at: number): Buffer {
  return entry.subarray(at + 1, at + 1 + (entry[at] ?? 0))
}
