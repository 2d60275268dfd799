import { type Document, type Level } from '../../alerts/alert.ts'
import { levelOf, textAt, valueAt } from '../fields.ts'
import { plainText } from './plain-text.ts'

// Limits of https://docs.slack.dev/reference/block-kit/blocks, in characters after escaping.
const limits = { header: 150, section: 3000, field: 2000, fields: 10, text: 3000 } as const

const marks = {
  informational: ':information_source:',
  low: ':large_blue_circle:',
  medium: ':large_yellow_circle:',
  high: ':large_orange_circle:',
  critical: ':red_circle:',
} as const satisfies Record<Level, string>

/** What of a document is shown, under its label; what an alert does not have is left out. */
const shown: readonly (readonly [label: string, ...path: string[]])[] = [
  ['Source', 'source', 'ip'],
  ['Destination', 'destination', 'ip'],
  ['Domain', 'destination', 'domain'],
  ['Name asked for', 'dns', 'question', 'name'],
  ['Device', 'source', 'mac'],
  ['Maker', 'device', 'manufacturer'],
  ['Sensor', 'observer', 'name'],
  ['Alerts', 'orthrus', 'digest', 'count'],
  ['First of them', 'orthrus', 'digest', 'first_id'],
  ['Last of them', 'orthrus', 'digest', 'last_id'],
  ['Not shown before', 'orthrus', 'suppressed', 'count'],
]

/**
 * The message of an alert for an incoming webhook. Whatever comes from the network is plain text:
 * no links, mentions or formatting; `&`, `<` and `>` are escaped as Slack wants it.
 */
export function slackMessage(document: Document): string {
  const level = levelOf(document)
  const rule = textAt(document, 'rule', 'name') ?? textAt(document, 'event', 'action') ?? 'Alert'
  const message = textAt(document, 'message') ?? rule
  const id = textAt(document, 'event', 'id') ?? ''
  const time = textAt(document, '@timestamp') ?? ''
  const fields = fieldsOf(document)
  return JSON.stringify({
    text: escaped(`[${level}] ${message}`, limits.text),
    blocks: [
      { type: 'header', text: plain(rule, limits.header) },
      { type: 'section', text: plain(message, limits.section) },
      ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
      {
        type: 'context',
        elements: [
          { type: 'mrkdwn', verbatim: true, text: `${marks[level]} *${level}*` },
          plain(`${time} ${id}`, 200),
        ],
      },
    ],
  })
}

function fieldsOf(document: Document) {
  return shown
    .flatMap(([label, ...path]) => {
      const value = valueAt(document, path)
      if (typeof value !== 'string' && typeof value !== 'number') return []
      return [plain(`${label}: ${value}`, limits.field)]
    })
    .slice(0, limits.fields)
}

/** No links, no emoji, no formatting. */
function plain(text: string, limit: number) {
  return { type: 'plain_text', emoji: false, text: escaped(text, limit) } as const
}

/** At most `limit` characters, no escape sequence or pair of surrogates cut; never empty. */
function escaped(text: string, limit: number): string {
  let result = ''
  for (const character of plainText(text.slice(0, limit))) {
    const part = escapes[character] ?? character
    if (result.length + part.length > limit - 1) return `${result}…`
    result += part
  }
  return result.trim() === '' ? '-' : result
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
