import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Readable } from 'node:stream'
import { SensorError } from '../errors.ts'
import { gunzip, isGzip } from './pcap-gzip.ts'

/** Where a capture's bytes come from. */
export interface ByteSource {
  /** For messages. */
  readonly name: string
  /** For interfaces without a name. */
  readonly label: string
  /** Size of the file, compressed or not; absent for pipes. */
  readonly size?: number
  /** Bytes taken from the file or pipe so far. */
  readonly taken: number
  /** Reads up to `length` bytes to `target[at…]`; 0 at the end. Throws SensorError. */
  read(target: Buffer, at: number, length: number): Promise<number>
  close(): Promise<void>
}

const PEEK = 32_768

/** Opens a file, standard input (`-`) or a stream, unpacked if it is gzip. */
export async function openSource(input: string | Readable): Promise<ByteSource> {
  const source = await openRaw(input)
  const head = Buffer.allocUnsafe(PEEK)
  let length = 0
  try {
    while (length < 2) {
      const more = await source.read(head, length, PEEK - length)
      if (more === 0) break
      length += more
    }
  } catch (error) {
    await source.close()
    throw error
  }
  const first = head.subarray(0, length)
  return isGzip(first) ? gunzip(source, first) : prepend(source, first)
}

function openRaw(input: string | Readable): Promise<ByteSource> {
  if (input !== '-') return typeof input === 'string' ? openFile(input) : openStream(input)
  if (process.stdin.isTTY) {
    const fix = 'pipe a capture into it, e.g. `tcpdump -w - | orthrus replay -`'
    throw new SensorError('CAPTURE_UNREADABLE', `standard input is a terminal; ${fix}`)
  }
  return openStream(process.stdin)
}

async function openFile(path: string): Promise<ByteSource> {
  let handle: FileHandle
  try {
    handle = await open(path)
  } catch (error) {
    throw unreadable(path, error)
  }
  const stat = await handle.stat()
  let taken = 0
  return {
    name: path,
    label: basename(path),
    ...(stat.isFile() && { size: stat.size }),
    get taken() {
      return taken
    },
    async read(target, at, length) {
      try {
        const { bytesRead } = await handle.read(target, at, length)
        taken += bytesRead
        return bytesRead
      } catch (error) {
        throw unreadable(path, error)
      }
    },
    close: () => handle.close(),
  }
}

function openStream(stream: Readable): Promise<ByteSource> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  let taken = 0
  return Promise.resolve({
    name: 'standard input',
    label: 'stdin',
    get taken() {
      return taken
    },
    async read(target: Buffer, at: number, length: number) {
      while (rest.length === 0) {
        const next = await chunks.next().catch(error => {
          throw unreadable('standard input', error)
        })
        if (next.done) return 0
        rest = next.value
      }
      const size = rest.copy(target, at, 0, Math.min(length, rest.length))
      rest = rest.subarray(size)
      taken += size
      return size
    },
    // Not iterator.return(): that waits for a read under way, which on a pipe may never end.
    close: () => Promise.resolve(void stream.destroy()),
  })
}

/** The source with bytes put back at its front. */
function prepend(source: ByteSource, first: Buffer): ByteSource {
  let rest = first
  return {
    name: source.name,
    label: source.label,
    ...(source.size !== undefined && { size: source.size }),
    get taken() {
      return source.taken - rest.length
    },
    read(target, at, length) {
      if (rest.length === 0) return source.read(target, at, length)
      const size = rest.copy(target, at, 0, Math.min(length, rest.length))
      rest = rest.subarray(size)
      return Promise.resolve(size)
    },
    close: () => source.close(),
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder; name the files in it',
}

function unreadable(name: string, cause: unknown): SensorError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause))
  return new SensorError('CAPTURE_UNREADABLE', `cannot read \`${name}\`: ${reason}`, { cause })
}
