import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { slackMessage } from '../../src/sinks/formats/slack.ts'
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
