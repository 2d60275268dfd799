import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import * as sinks from '../../src/sinks/index.ts'
import { Output } from '../../src/sinks/output.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { smallDisk } from '../storage/small-disk.ts'
import { alert, hostile } from './alert.ts'
import { configured } from './support/open.ts'

const context = {
  name: 'file',
  log: createLog({ level: 'silent' }),
  output: new Output(process.stderr),
}

async function openFile(path: string, more: object = {}) {
  const sink = await sinks.file.open(configured('file', { path, ...more }), context)
  onTestFinished(() => sink.close())
  return sink
}

const temporaryFile = () => join(temporaryDirectory(), 'alerts.jsonl')
const lines = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)
const ids = (path: string) =>
  lines(path).map(line => (JSON.parse(line) as { event: { id: string } }).event.id)

describe('file', () => {
  test('appends one JSON document a line, readable by its group only', async () => {
    const path = temporaryFile()
    const before = await openFile(path)
    await before.send([alert(1), alert(2)])
    await before.close()
    const sink = await openFile(path)
    await sink.send([alert(3)])
    expect(lines(path)).toEqual([1, 2, 3].map(n => alert(n).json))
    expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
  })

  test('keeps hostile text inside its line', async () => {
    const path = temporaryFile()
    const sink = await openFile(path)
    await sink.send(hostile.map((text, index) => alert(index, text)))
    const messages = lines(path).map(line => (JSON.parse(line) as { message: string }).message)
    expect(messages).toEqual(hostile)
  })

  test('goes on in a new file when the old one was renamed or removed', async () => {
    const path = temporaryFile()
    const sink = await openFile(path)
    await sink.send([alert(1)])
    renameSync(path, `${path}.1`)
    await sink.send([alert(2)])
    unlinkSync(path)
    await sink.send([alert(3)])
    expect(ids(`${path}.1`)).toEqual(['id-1'])
    expect(ids(path)).toEqual(['id-3'])
  })

  test('opens anew when told, and loses nothing that is sent meanwhile', async () => {
    const path = temporaryFile()
    const sink = await openFile(path)
    const work: Promise<void>[] = []
    for (let n = 0; n < 40; n++) {
      if (n === 20) renameSync(path, `${path}.1`)
      if (n % 10 === 0) work.push(sink.reopen?.() ?? Promise.resolve())
      work.push(sink.send([alert(n)]))
      if (n === 19) await Promise.all(work)
    }
    await Promise.all(work)
    expect([...ids(`${path}.1`), ...ids(path)]).toEqual(
      Array.from({ length: 40 }, (_, n) => `id-${n}`),
    )
  })

  test.each([
    ['a line cut by a crash is removed', '{"a":1}\n{"b":', '{"a":1}\n'],
    ['a cut line alone', '{"b":', ''],
    ['a cut line longer than a read', `{"a":1}\n{"${'x'.repeat(200_000)}`, '{"a":1}\n'],
    ['whole lines stay', '{"a":1}\n', '{"a":1}\n'],
    ['what is not ours is only ended', 'last line of a diary', 'last line of a diary\n'],
  ])('mends the end of the file: %s', async (_, found, mended) => {
    const path = temporaryFile()
    writeFileSync(path, found)
    const sink = await openFile(path)
    await sink.send([alert(1)])
    expect(readFileSync(path, 'utf8')).toBe(`${mended}${alert(1).json}\n`)
  })

  test('writes to a device that keeps nothing', async () => {
    const sink = await openFile('/dev/null')
    await sink.send([alert(1)])
  })
})

test('a FIFO is refused: without a reader a write into it would never end', async () => {
  const path = temporaryFile()
  execFileSync('mkfifo', [path])
  await expect(openFile(path)).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    message: expect.stringContaining('FIFO'),
  })
})

describe('file rotates', () => {
  test('before it grows too large, keeps so many, and loses no line', async () => {
    const path = temporaryFile()
    const sink = await openFile(path, { rotate_size: 1, keep: 3 })
    const large = 'x'.repeat(300_000)
    for (let n = 0; n < 15; n++) await sink.send([alert(n, large)])
    const files = [`${path}.3`, `${path}.2`, `${path}.1`, path]
    for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(1024 * 1024)
    expect(files.flatMap(ids)).toEqual(Array.from({ length: 12 }, (_, n) => `id-${n + 3}`))
    expect(existsSync(`${path}.4`)).toBe(false)
  })

  test('when a new period began since the last write, after a restart too', async () => {
    const path = temporaryFile()
    const before = await openFile(path, { rotate_every: '1h' })
    await before.send([alert(1)])
    await before.send([alert(2)])
    await before.close()
    const yesterday = new Date(Date.now() - 86_400_000)
    utimesSync(path, yesterday, yesterday)
    const sink = await openFile(path, { rotate_every: '1h' })
    await sink.send([alert(3)])
    expect([ids(`${path}.1`), ids(path)]).toEqual([['id-1', 'id-2'], ['id-3']])
  })
})

describe('file refuses with the fix', () => {
  test('a directory that is missing', async () => {
    const path = join(temporaryDirectory(), 'not', 'there.jsonl')
    await expect(openFile(path)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      retry: true,
      message: expect.stringContaining('`mkdir -p '),
    })
  })

  test('a symbolic link', async () => {
    const directory = temporaryDirectory()
    symlinkSync('/etc/passwd', join(directory, 'link'))
    await expect(openFile(join(directory, 'link'))).rejects.toMatchObject({
      message: expect.stringContaining('symbolic link'),
    })
  })

  test('a directory', async () => {
    await expect(openFile(temporaryDirectory())).rejects.toMatchObject({
      message: expect.stringContaining('it is a directory'),
    })
  })

  test('a directory that disappears while running, and works again when it is back', async () => {
    const directory = join(temporaryDirectory(), 'logs')
    mkdirSync(directory)
    const path = join(directory, 'alerts.jsonl')
    const sink = await openFile(path)
    await sink.send([alert(1)])
    rmSync(directory, { recursive: true })
    await expect(sink.send([alert(2)])).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
    mkdirSync(directory)
    await sink.send([alert(2)])
    expect(ids(path)).toEqual(['id-2'])
  })
})

describe.skipIf(process.getuid?.() !== 0)('full disk (needs root to mount a small one)', () => {
  test('file leaves no half line behind and goes on when there is room', async context => {
    const directory = smallDisk('64k')
    if (directory === undefined)
      return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const path = join(directory, 'alerts.jsonl')
    const sink = await openFile(path)
    writeFileSync(join(directory, 'filler'), Buffer.alloc(40_000))
    await sink.send([alert(1)])
    const large = Array.from({ length: 20 }, (_, n) => alert(n + 2, 'x'.repeat(3000)))
    await expect(sink.send(large)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringContaining('no space left'),
    })
    expect(ids(path)).toEqual(['id-1'])
    rmSync(join(directory, 'filler'))
    await sink.send(large.slice(0, 3))
    expect(ids(path)).toEqual(['id-1', 'id-2', 'id-3', 'id-4'])
  })
})
