import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Document } from '../../src/alerts/alert.ts'
import { type Alert } from '../../src/outbox/queued.ts'
import { slackMessage } from '../../src/sinks/formats/slack.ts'
import { randomFrom, seed } from '../faults/rounds.ts'
import { alert, hostile } from './alert.ts'
import { openSink } from './support/open.ts'
import { startReceiver } from './support/receiver.ts'

const open = (url: string) => openSink('slack', { url, allow_http: true, allow_private: true })

interface Text {
  readonly type: string
  readonly text: string
  readonly verbatim?: boolean
  readonly emoji?: boolean
}
interface Block {
  readonly type: string
  readonly text?: Text
  readonly fields?: Text[]
  readonly elements?: Text[]
}

/** What Slack would refuse, by the limits that its reference states. */
function slackFaults(body: string): string[] {
  const { text, blocks } = JSON.parse(body) as { text: string; blocks: Block[] }
  const faults: string[] = []
  const check = (name: string, { type, text: words, verbatim, emoji }: Text, limit: number) => {
    if (words.trim() === '') faults.push(`${name} is empty`)
    if (words.length > limit) faults.push(`${name} has ${words.length} characters`)
    if (/[<>]|&(?!(amp|lt|gt);)/.test(words)) faults.push(`${name} is not escaped: ${words}`)
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(words.replaceAll('\n', '')))
      faults.push(`${name} is not clean`)
    if (type === 'mrkdwn' && verbatim !== true) faults.push(`${name} makes links`)
    if (type === 'plain_text' && emoji !== false) faults.push(`${name} makes emoji`)
  }
  if (blocks.length > 50) faults.push('too many blocks')
  check('text', { type: 'plain_text', text, emoji: false }, 3000)
  for (const block of blocks) {
    if (block.text) check(block.type, block.text, block.type === 'header' ? 150 : 3000)
    if ((block.fields?.length ?? 1) < 1 || (block.fields?.length ?? 0) > 10) faults.push('fields')
    for (const field of block.fields ?? []) check('field', field, 2000)
    for (const element of block.elements ?? []) check('element', element, 3000)
  }
  return faults
}

const pieces = [
  ...hostile,
  ...['<!channel>', '<!here|x>', '<@U1>', '<https://evil.example|Click>', '&lt;', '&', '>', '*_~`'],
  ...['```', ':skull:', '\n\n', ' ', '', '\ufeff', '\u00ad', '\u3000', '🦣', 'e\u0301\u0301'],
  ...['\u202e'.repeat(200), '{{.}}', '__proto__', 'rule', 'an ordinary text'],
]
const longPieces = [
  ...['&'.repeat(1000), '<'.repeat(2999), 'x'.repeat(5000)],
  ...['\ud83d\ude00'.repeat(1600), '\ud800'.repeat(3001)],
]

/** An alert whose fields hold what attackers like, or what is no text at all. */
function nastyAlert(random: () => number, sequence: number): Alert {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const text = () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      pick(random() < 0.02 ? longPieces : pieces),
    ).join(pick(['', ' ']))
  const value = () => (random() < 0.8 ? text() : pick([0, -1, true, null, [], [text()], { a: 1 }]))
  const { document: base, ...rest } = alert(sequence, text())
  const document = JSON.parse(
    JSON.stringify({
      ...base,
      '@timestamp': value(),
      message: value(),
      rule: { id: value(), name: value() },
      labels: { level: pick(['high', 'low', 'critical', text()]) },
      event: { id: value(), action: value() },
      source: { ip: value(), mac: value() },
      destination: { ip: value(), domain: value() },
      dns: { question: { name: value() } },
      device: pick<unknown>([{ manufacturer: value() }, text(), null]),
      observer: { name: value() },
      orthrus: { digest: { count: value(), first_id: value() }, suppressed: { count: value() } },
    }),
  ) as Document
  return { ...rest, document, json: JSON.stringify(document) }
}

describe('the message for Slack', () => {
  test('says rule, sentence and facts, and a text for notifications', () => {
    const { document } = alert(1, 'new device 192.0.2.7 <evil> & co')
    const body = slackMessage({
      ...document,
      rule: { name: 'New device on the network' },
      source: { ip: '192.0.2.7' },
      observer: { name: 'sensor_1' },
    })
    expect(JSON.parse(body)).toMatchObject({
      text: '[high] new device 192.0.2.7 &lt;evil&gt; &amp; co',
      blocks: [
        { type: 'header', text: { text: 'New device on the network' } },
        { type: 'section', text: { text: 'new device 192.0.2.7 &lt;evil&gt; &amp; co' } },
        {
          type: 'section',
          fields: [{ text: 'Source: 192.0.2.7' }, { text: 'Sensor: sensor_1' }],
        },
        { type: 'context' },
      ],
    })
    expect(slackFaults(body)).toEqual([])
  })

  test('mentions nobody and links nothing', () => {
    for (const text of [
      ...hostile,
      '<!channel>',
      '<!here|x>',
      '<@U1>',
      '<https://evil.example|Click>',
      '&lt;!channel&gt;',
      '*_~`',
      '',
    ]) {
      const body = slackMessage({
        ...alert(1, text).document,
        rule: { name: text },
        source: { ip: text },
      })
      expect(slackFaults(body), JSON.stringify(text)).toEqual([])
      expect(body).not.toContain('<')
    }
  })

  test('keeps every limit, whatever the fields hold', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom(
        '&'.repeat(4000),
        '<'.repeat(2999),
        '\ud83d\ude00'.repeat(2000),
        'x'.repeat(1_000_000),
      ),
      fc.constantFrom(...hostile),
    )
    fc.assert(
      fc.property(text, text, text, (message, name, ip) => {
        const { document } = alert(1, message)
        const body = slackMessage({
          ...document,
          rule: { name },
          source: { ip },
          destination: { ip: name, domain: message },
        })
        expect(slackFaults(body)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('T18: 10,000 hostile alerts are 10,000 valid messages', () => {
    const random = randomFrom(seed)
    const faults = new Set<string>()
    for (let n = 0; n < 10_000; n++) {
      for (const fault of slackFaults(slackMessage(nastyAlert(random, n).document))) {
        faults.add(fault)
      }
    }
    expect([...faults], `SEED=${seed}`).toEqual([])
  })

  test('T18: a server as strict as Slack refuses none of 1,000 hostile alerts', async () => {
    const refused: string[] = []
    const { url, received } = await startReceiver((response, { body }) => {
      const faults = slackFaults(body)
      refused.push(...faults)
      // What it has seen is of no use any more.
      count += received.splice(0).length
      if (faults.length === 0) response.end('ok')
      else response.writeHead(400).end('invalid_payload')
    })
    let count = 0
    const sink = await open(url)
    const random = randomFrom(seed)
    await sink.send(Array.from({ length: 1000 }, (_, n) => nastyAlert(random, n)))
    expect([...new Set(refused)], `SEED=${seed}`).toEqual([])
    expect(count).toBe(1000)
  })

  test('the strict server does refuse', () => {
    const faultsOf = (text: string, blocks = 1) => {
      const block = { type: 'section', text: { type: 'plain_text', emoji: false, text } }
      return slackFaults(JSON.stringify({ text: 'x', blocks: Array(blocks).fill(block) }))
    }
    expect(faultsOf('x')).toEqual([])
    expect(faultsOf(' ')).toEqual(['section is empty'])
    expect(faultsOf('<!channel>')).toEqual(['section is not escaped: <!channel>'])
    expect(faultsOf('x'.repeat(3001))).toEqual(['section has 3001 characters'])
    expect(faultsOf('a\u001bb')).toEqual(['section is not clean'])
    expect(faultsOf('x', 51)).toEqual(['too many blocks'])
  })

  test('takes an alert without any of the fields', () => {
    expect(slackFaults(slackMessage({}))).toEqual([])
  })
})

describe('slack', () => {
  test('posts each alert, and takes only `ok` for a yes', async () => {
    const { url, received } = await startReceiver(response => response.end('ok'))
    const sink = await open(url)
    await sink.send([alert(1), alert(2)])
    expect(received.map(one => (JSON.parse(one.body) as { text: string }).text)).toEqual([
      '[high] alert 1',
      '[high] alert 2',
    ])
    expect(sink.chat).toEqual({ perSecond: 1, burst: 3 })
  })

  test.each([
    [200, '<html>Sign in to the proxy</html>', 'configuration'],
    [200, '', 'configuration'],
    [400, 'invalid_payload', 'permanent'],
    [403, 'action_prohibited', 'configuration'],
    [404, 'channel_not_found', 'configuration'],
    [410, 'channel_is_archived', 'gone'],
    [429, 'rate_limited', 'transient'],
    [500, 'rollup_error', 'transient'],
  ])('takes %i %j as %s', async (status, body, fault) => {
    const { url } = await startReceiver(response => response.writeHead(status).end(body))
    const sink = await open(url)
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault })
  })

  test('does not go on after 429 before the time is over', async () => {
    const { url, received } = await startReceiver([
      response => response.writeHead(429, { 'retry-after': '1' }).end('rate_limited'),
      response => response.end('ok'),
    ])
    const sink = await open(url)
    const start = Date.now()
    await expect(sink.send([alert(1), alert(2)])).rejects.toMatchObject({ retryAfter: 1000 })
    await expect(sink.send([alert(1), alert(2)])).rejects.toMatchObject({ fault: 'transient' })
    await new Promise(resolve => setTimeout(resolve, 1050))
    await sink.send([alert(1), alert(2)])
    expect(received.length).toBe(3)
    expect((received[1]?.time ?? 0) - start).toBeGreaterThanOrEqual(1000)
  })
})
