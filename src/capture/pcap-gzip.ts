import { createGunzip } from 'node:zlib'
import { type SensorError } from '../errors.ts'
import { damaged } from './pcap-format.ts'
import { type ByteSource } from './pcap-source.ts'

const PIECE = 32_768

/** True for the magic of gzip (RFC 1952 2.3.1). */
export function isGzip(head: Buffer): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b
}

/** The unpacked bytes of a gzip source, all its members; `first` was read from it already. */
export function gunzip(source: ByteSource, first: Buffer): ByteSource {
  const chunks = unpack(source, first)
  let rest: Buffer = Buffer.alloc(0)
  let fault: unknown
  const next = async () => {
    const { value, done } = await chunks.next()
    if (!done) rest = value
    return !done
  }
  // What was unpacked before a fault is handed over first, the fault at the next read.
  const more = () =>
    next().catch(error => {
      fault = error
      return false
    })
  return {
    name: source.name,
    label: source.label.replace(/\.gz$/, ''),
    ...(source.size !== undefined && { size: source.size }),
    get taken() {
      return source.taken
    },
    async read(target, at, length) {
      let size = 0
      while (size < length && (rest.length > 0 || (await more()))) {
        const count = rest.copy(target, at + size, 0, length - size)
        rest = rest.subarray(count)
        size += count
        // A pipe may be live: its packets should not wait for others.
        if (source.size === undefined && rest.length === 0) break
      }
      if (size === 0 && fault !== undefined) throw fault
      return size
    },
    async close() {
      await source.close()
      await chunks.return()
    },
  }
}

/**
 * Feeds one small piece at a time and hands over all that comes of it before the next: whatever
 * was unpacked before a fault is not lost with the stream, and a bomb (1:1032) stays small.
 */
async function* unpack(source: ByteSource, first: Buffer): AsyncGenerator<Buffer, void> {
  const unpacker = new Unpacker()
  try {
    for (let piece = first; piece.length > 0 && !unpacker.done; piece = await nextPiece(source)) {
      yield* await unpacker.feed(piece)
    }
    yield* await unpacker.end()
  } finally {
    unpacker.close()
  }
  if (unpacker.fault) throw brokenGzip(source.name, unpacker.fault)
}

async function nextPiece(source: ByteSource): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE)
  return piece.subarray(0, await source.read(piece, 0, PIECE))
}

function brokenGzip(name: string, fault: Error): SensorError {
  const short = 'code' in fault && fault.code === 'Z_BUF_ERROR'
  const what = short ? 'is cut short: its gzip stream does not end' : 'is not sound gzip'
  return damaged(`\`${name}\` ${what}; all packets before that were read`, fault)
}

class Unpacker {
  readonly #stream = createGunzip({ chunkSize: 262_144 })
  #out: Buffer[] = []
  #wake: () => void = () => undefined
  done = false
  fault: Error | undefined

  constructor() {
    this.#stream.on('data', (chunk: Buffer) => this.#out.push(chunk))
    this.#stream.on('error', error => {
      this.fault ??= error
    })
    // Also after the last member, when bytes that are not gzip are left over and ignored.
    for (const event of ['end', 'error', 'close'] as const) {
      this.#stream.on(event, () => {
        this.done = true
        this.#wake()
      })
    }
  }

  async feed(piece: Buffer): Promise<Buffer[]> {
    await new Promise<void>(resolve => {
      this.#wake = resolve
      this.#stream.write(piece, () => resolve())
    })
    return this.#take()
  }

  async end(): Promise<Buffer[]> {
    if (!this.done) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
        this.#stream.end()
      })
    }
    return this.#take()
  }

  close(): void {
    this.#stream.destroy()
  }

  #take(): Buffer[] {
    const out = this.#out
    this.#out = []
    return out
  }
}
