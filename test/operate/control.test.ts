import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SensorError } from '../../src/errors.ts'
import { type ControlHandlers, request, serveControl } from '../../src/operate/control.ts'
import { temporaryDirectory } from '../storage/open.ts'

async function serve(handlers: ControlHandlers): Promise<string> {
  const directory = temporaryDirectory()
  const server = await serveControl(directory, handlers)
  onTestFinished(() => server.close())
  return directory
}

async function all(directory: string, command: string, args = {}): Promise<unknown[]> {
  const answer = await request(directory, command, args)
  const items: unknown[] = []
  for await (const item of answer ?? []) items.push(item)
  return items
}

test('a command is answered item by item, with its arguments', async () => {
  const directory = await serve({
    count: ({ to }) => Array.from({ length: Number(to) }, (_, i) => i),
  })
  expect(await all(directory, 'count', { to: 3 })).toEqual([0, 1, 2])
  expect(await all(directory, 'count', { to: 0 })).toEqual([])
})

test('only the user of the sensor may open the socket', async () => {
  const directory = await serve({})
  expect(statSync(join(directory, 'control.sock')).mode & 0o777).toBe(0o600)
})

test('where no sensor runs there is nobody to ask, also after one that died', async () => {
  const directory = temporaryDirectory()
  expect(await request(directory, 'version')).toBeUndefined()
  writeFileSync(join(directory, 'control.sock'), '')
  expect(await request(directory, 'version')).toBeUndefined()
  const server = await serveControl(directory, { version: () => [1] })
  onTestFinished(() => server.close())
  expect(await all(directory, 'version')).toEqual([1])
})

test('what a handler throws arrives with its code, an unknown command with the known ones', async () => {
  const directory = await serve({
    broken: () => {
      throw new SensorError('STATE_BUSY', 'later')
    },
    *late() {
      yield 1
      throw new Error('half way')
    },
  })
  await expect(all(directory, 'broken')).rejects.toMatchObject({
    code: 'STATE_BUSY',
    message: 'later',
  })
  await expect(all(directory, 'late')).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'half way',
  })
  await expect(all(directory, 'toString')).rejects.toThrow('`toString`, only broken, late')
})

test('a million items pass without being held, and a reader that leaves does not stop the server', async () => {
  let made = 0
  const directory = await serve({
    *many() {
      for (; made < 1e6; made++) yield { number: made, text: 'x'.repeat(50) }
    },
    ping: () => ['pong'],
  })
  let seen = 0
  for await (const _ of (await request(directory, 'many')) ?? []) if (++seen === 1000) break
  expect(await all(directory, 'ping')).toEqual(['pong'])
  expect(made).toBeLessThan(500_000)
})

test('noise instead of a request is told what a request is', async () => {
  const directory = await serve({})
  for (const noise of [
    '\n',
    'GET / HTTP/1.1\r\n\r\n',
    '[1]\n',
    '{"command":1}\n',
    'x'.repeat(70_000),
  ]) {
    const socket = connect(join(directory, 'control.sock'))
    socket.write(noise)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('a request is one line of JSON')
    socket.destroy()
  }
})
