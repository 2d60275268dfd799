import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { replayEvents } from '../../src/pipeline/replay.ts'
import { writeBigCapture } from '../generate/big.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-slow-'))
const file = join(folder, 'capture')
beforeAll(async () => {
  await writeBigCapture(file, { packets: 100_000 })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Turns of the event loop that a reader takes for one write: files are read in far fewer. */
const TURNS = 2000

/** A slow reader that knows the most that ever waited for it. */
class Reader extends Writable {
  most = 0
  total = 0

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.total += chunk.length
    this.most = Math.max(this.most, this.writableLength)
    this.onWrite(done)
  }

  onWrite(done: () => void): void {
    later(TURNS, done)
  }
}

function later(turns: number, done: () => void): void {
  if (turns === 0) done()
  else setImmediate(() => later(turns - 1, done))
}

function replay(stdout: Writable, stop = new AbortController().signal): Promise<void> {
  return replayEvents({ config: loadConfig(), files: [file], stdout, stop })
}

test('what waits for a slow reader is bounded, however much there is to print', {
  timeout: 60_000,
}, async () => {
  const reader = new Reader()
  await replay(reader)
  reader.end()
  await new Promise(resolve => reader.on('finish', resolve))
  expect(reader.total).toBeGreaterThan(4 * reader.most)
})

test('a reader that stops taking keeps nobody waiting once it is over', async () => {
  const stop = new AbortController()
  const reader = new Reader()
  reader.onWrite = () => setImmediate(() => stop.abort())
  await replay(reader, stop.signal)
  expect(reader.total).toBeGreaterThan(0)
})

test('nor does one that leaves', async () => {
  const reader = new Reader()
  reader.on('error', () => undefined)
  reader.onWrite = () => setImmediate(() => reader.destroy(new Error('gone')))
  await replay(reader)
  expect(reader.destroyed).toBe(true)
})
