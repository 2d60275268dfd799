import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import * as sinks from '../../src/sinks/index.ts'
import { Output } from '../../src/sinks/output.ts'
import { printable } from '../../src/sinks/terminal-text.ts'
import { alert, hostile } from './alert.ts'
import { configured } from './support/open.ts'

const terminal = () => Object.assign(new PassThrough(), { isTTY: true })
const log = createLog({ level: 'silent' })

async function printed(stream: PassThrough, environment: NodeJS.ProcessEnv, options = {}) {
  const output = new Output(stream, { environment })
  const sink = await sinks.console.open(configured('console', options), {
    name: 'console',
    log,
    output,
  })
  return async (...messages: string[]) => {
    await sink.send(messages.map((message, index) => alert(index + 1, message)))
    return String(stream.read())
  }
}

describe('console', () => {
  test('writes a line with colours on a terminal', async () => {
    const print = await printed(terminal(), {})
    expect(await print('new device')).toBe(
      '08:21:03 \u001b[31;1;7mALERT high    \u001b[0m \u001b[1mnew device\u001b[0m\n',
    )
  })

  test('writes no colours when NO_COLOR is set', async () => {
    const print = await printed(terminal(), { NO_COLOR: '1' })
    expect(await print('new device')).toBe('08:21:03 ALERT high     new device\n')
  })

  test('writes one JSON document a line when stdout is no terminal, or when told to', async () => {
    for (const print of [
      await printed(new PassThrough(), {}),
      await printed(terminal(), {}, { format: 'json' }),
    ]) {
      expect(await print('one', 'two')).toBe(`${alert(1, 'one').json}\n${alert(2, 'two').json}\n`)
    }
  })

  test.each(hostile)('lets no hostile text steer the terminal or begin a line: %j', async text => {
    const print = await printed(terminal(), { NO_COLOR: '1' })
    const line = await print(text)
    expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]*\n$/u)
    const json = await (await printed(new PassThrough(), {}))(text)
    expect(json.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(json)).toMatchObject({ message: text })
  })

  test('bounds a line', async () => {
    const print = await printed(terminal(), { NO_COLOR: '1' })
    expect((await print('x'.repeat(1_000_000))).length).toBeLessThan(600)
  })
})

describe('printable', () => {
  test('leaves the text of people alone', () => {
    const text = 'Žluťoučký kůň 犬 🐕 ünïcode – “quoted”'
    expect(printable(text)).toBe(text)
  })

  test('shows what it took out', () => {
    expect(printable('\u001b[2J\u0085\u202e\ud800\u{e0041}')).toBe(
      '\\x1b[2J\\x85\\u202e\\ud800\\u{e0041}',
    )
    expect(printable('abcdef', 3)).toBe('abc…')
    expect(printable('ab🐕', 3)).toBe('ab\\ud83d…')
  })
})

const built = (path: string) => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

test('a reader that goes away makes the console fail, not the program', async () => {
  const program = `
    const { Output } = await import(${built('sinks/output.js')})
    const sinks = await import(${built('sinks/index.js')})
    const output = new Output(process.stdout)
    const sink = await sinks.console.open({ format: 'json' }, { name: 'console', log: undefined, output })
    const batch = Array.from({ length: 100 }, () => ({ json: 'x'.repeat(1000) }))
    for (;;) {
      try { await sink.send(batch) } catch (error) { process.stderr.write(error.code); break }
    }
    for (let n = 0; n < 3; n++) output.offer('line')
    await sink.send(batch).catch(error => process.stderr.write(' ' + error.code + ' ' + error.retry))
    process.stderr.write(' ' + output.dropped)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  let told = ''
  child.stderr.on('data', chunk => {
    told += String(chunk)
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [status] = await once(child, 'close')
  expect({ status, told }).toEqual({ status: 0, told: 'SINK_UNAVAILABLE SINK_UNAVAILABLE true 3' })
})

test('a reader that is slow costs lines of activity, counted, and no alert', async () => {
  const stream = new PassThrough()
  const output = new Output(stream, { environment: {} })
  const line = `${'x'.repeat(999)}\n`
  for (let n = 0; n < 3000; n++) output.offer(line)
  expect(output.dropped).toBeGreaterThan(1500)
  const sent = output.write('alert\n')
  let read = ''
  stream.on('data', chunk => {
    read += String(chunk)
  })
  await sent
  expect(read.endsWith('alert\n')).toBe(true)
  expect(read.split('\n').length - 2 + output.dropped).toBe(3000)
})
