import { type Level } from '../../alerts/alert.ts'
import { type Alert } from '../../outbox/queued.ts'
import { levelOf, textAt } from '../fields.ts'
import { jsonLine } from './json-line.ts'
import { asciiText, plainText } from './plain-text.ts'
import { jsonWithin } from './trim.ts'

/** RFC 5424 6.2.1, in its order. */
export const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'],
  ...['authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

const numbers: readonly string[] = facilities
const severities = {
  informational: 6,
  low: 5,
  medium: 4,
  high: 3,
  critical: 2,
} as const satisfies Record<Level, number>

export interface SyslogFormat {
  readonly standard: 'rfc5424' | 'rfc3164'
  readonly facility: string
  /** Name of the program: APP-NAME, or the TAG of RFC 3164. */
  readonly appName: string
  /** Private enterprise number of the structured data. */
  readonly enterprise: number
  readonly content: 'json' | 'text'
  /** Most bytes of a message. */
  readonly maxSize: number
}

/**
 * One message of RFC 5424 or RFC 3164, without framing; no line feed, control character or bidi
 * character in it. Undefined when an alert does not fit into `maxSize` without optional fields.
 */
export function syslogMessage(alert: Alert, format: SyslogFormat): Buffer | undefined {
  const head = format.standard === 'rfc5424' ? head5424(alert, format) : head3164(alert, format)
  const room = format.maxSize - Buffer.byteLength(head)
  const content =
    format.content === 'json' ? jsonWithin(alert.document, room, jsonLine) : words(alert, room)
  return content === undefined ? undefined : Buffer.from(head + content)
}

/** RFC 5424 6: `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG`. */
function head5424(alert: Alert, format: SyslogFormat): string {
  const { document } = alert
  const host = name(textAt(document, 'observer', 'hostname'), 255)
  const kind = textAt(document, 'rule', 'category') ?? textAt(document, 'event', 'action')
  const data = structured(format.enterprise, {
    id: alert.id,
    seq: String(alert.sequence),
    sev: levelOf(document),
    rule: textAt(document, 'rule', 'name') ?? '',
  })
  const app = name(format.appName, 48)
  return `<${priority(alert, format)}>1 ${time5424(document)} ${host} ${app} - ${name(kind, 32)} ${data} `
}

/** RFC 3164 4.1: `<PRI>Mmm dd hh:mm:ss HOSTNAME TAG: `, in UTC. */
function head3164(alert: Alert, format: SyslogFormat): string {
  const time = new Date(moment(alert.document))
  const month = time.toUTCString().slice(8, 11)
  const day = String(time.getUTCDate()).padStart(2)
  const clock = time.toISOString().slice(11, 19)
  const host = name(textAt(alert.document, 'observer', 'hostname'), 255)
  const tag = format.appName.replace(/[^A-Za-z0-9]/g, '').slice(0, 32)
  return `<${priority(alert, format)}>${month} ${day} ${clock} ${host} ${tag}: `
}

function priority({ document }: Alert, { facility }: SyslogFormat): number {
  return numbers.indexOf(facility) * 8 + severities[levelOf(document)]
}

/** RFC 5424 6.2.3 allows six digits of a second, as our documents have. */
function time5424(document: Alert['document']): string {
  const text = String(document['@timestamp'] ?? '')
  const isOurs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(text)
  return isOurs ? text : new Date(moment(document)).toISOString()
}

function moment(document: Alert['document']): number {
  const time = Date.parse(String(document['@timestamp'] ?? ''))
  return Number.isNaN(time) ? Date.now() : time
}

/** RFC 5424 6.2: printable ASCII without blanks, `-` for nothing. */
function name(text: string | undefined, limit: number): string {
  return asciiText((text ?? '').replaceAll(' ', '_'), limit, '_') || '-'
}

/** RFC 5424 6.3.3: `"`, `\` and `]` are escaped in a value. */
function structured(enterprise: number, values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([key, value]) => {
    const text = plainText(value.slice(0, 128)).replace(/["\\\]]/g, '\\$&')
    return `${key}="${text}"`
  })
  return `[alert@${enterprise} ${pairs.join(' ')}]`
}

function words({ document }: Alert, room: number): string | undefined {
  if (room < 0) return undefined
  const text = Buffer.from(plainText(String(document['message'] ?? '')))
  if (text.length <= room) return text.toString()
  // What a cut leaves of a character becomes U+FFFD, which may need more room than it had.
  return text
    .subarray(0, Math.max(0, room - 3))
    .toString()
    .replace(/\ufffd$/, '')
}
