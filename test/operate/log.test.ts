import { expect, test } from 'vitest'
import { createLog, textLine } from '../../src/operate/log.ts'

function logged(format: 'text' | 'json', level: 'debug' | 'info' = 'info') {
  const lines: string[] = []
  const log = createLog({ format, level, write: line => void lines.push(line) })
  return { log, lines }
}

test('text is a clock, a label for what is bad, the message and its fields', () => {
  const { log, lines } = logged('text')
  log.info('attached')
  log.warn({ interface: 'eth0', lost: 3, why: 'ring full' }, 'packets lost')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d attached\n$/)
  expect(lines[1]).toMatch(
    /^\d\d:\d\d:\d\d warning: packets lost interface=eth0 lost=3 why="ring full"\n$/,
  )
})

test('JSON is one object a line with an ISO time', () => {
  const { log, lines } = logged('json')
  log.error({ err: Object.assign(new Error('gone'), { code: 'X' }) }, 'sink')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 50,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    err: { code: 'X', message: 'gone' },
    msg: 'sink',
  })
})

test('lines below the level are not written', () => {
  const { log, lines } = logged('text')
  log.debug('hidden')
  expect(lines).toEqual([])
})

test('names from the network cannot steer the terminal', () => {
  const { log, lines } = logged('text')
  log.info({ host: '\x1b]0;owned\x07\n\x9b1m\u202egpj.exe' }, 'seen \x1b[2J')
  expect(lines.join('')).toMatch(/^[\n\x20-\x7e]*$/)
  expect(lines.join('').split('\n')).toHaveLength(2)
})

test('a message may be missing', () => {
  expect(textLine('{"level":30,"time":"2026-01-02T03:04:05.000Z","a":1}')).toBe('03:04:05  a=1\n')
})
