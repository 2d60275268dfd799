import { type Alert } from '../../src/outbox/queued.ts'

/** An alert with this number; `message` may be anything. */
export function alert(sequence: number, message = `alert ${sequence}`): Alert {
  const document = {
    '@timestamp': '2026-11-22T08:21:03.123456Z',
    message,
    labels: { level: 'high' },
    event: { id: `id-${sequence}` },
  }
  const json = JSON.stringify(document)
  const about = { level: 'high', key: '', acceptedAt: 0, replayed: false } as const
  return { sequence, id: `id-${sequence}`, json, document, ...about }
}

/** Text that attackers put into names. */
export const hostile = [
  '\u001b[2J\u001b]0;owned\u0007',
  'a\r\nfake line',
  '\u009b31m C1',
  '\u202egnp.exe',
  '\u2066isolated\u2069',
  'lone \ud800 surrogate \udc00',
  'line\u2028separator\u2029',
  'tag \u{e0041}\u{e0042}',
  'zero\u200bwidth\ufeff',
  '\u0000\u007f',
  '"quotes" \\ and {"json":1}',
]
