import { type Readable } from 'node:stream'
import { type Batch, BatchWriter } from './pcap-batch.ts'
import { ClassicReader } from './pcap-classic.ts'
import { formatOf } from './pcap-format.ts'
import { CaptureInput, inputSize, windowSize } from './pcap-input.ts'
import { CaptureInterfaces } from './pcap-interfaces.ts'
import { type FormatReader } from './pcap-reader.ts'
import { openSource } from './pcap-source.ts'
import { NgReader } from './pcapng.ts'

export { type Batch, PACKET_HEADER } from './pcap-batch.ts'
export { CaptureInterfaces } from './pcap-interfaces.ts'

/** How a capture is read. */
export interface ReadOptions {
  /** Takes the interfaces of this capture; share one among the files of a replay. */
  readonly interfaces?: CaptureInterfaces
  /** Bytes read at a time. */
  readonly chunk?: number
}

/** The packets of a capture in batches, and what was left out so far. */
export interface Capture extends AsyncIterable<Batch> {
  /** Packets of pcapng interfaces whose link type cannot be parsed. */
  readonly skipped: number
}

const CHUNK = 2_097_152

/**
 * Reads a pcap or pcapng capture, gzipped or not: a path, `-` for standard input, or a stream.
 * Memory is bounded (about 6 chunks) whatever the file says. Complete packets before a fault are
 * handed over first; then the iteration throws SensorError: CAPTURE_UNREADABLE (cannot be opened
 * or read), CAPTURE_UNSUPPORTED (not a capture, or a link type without parser), CAPTURE_DAMAGED
 * (cut short, absurd lengths; with the place
 * in the file, of a gzip in its content). The batch is reused: it is valid until
 * the next one is asked for.
 */
export function readCapture(input: string | Readable, options: ReadOptions = {}): Capture {
  const count = { skipped: 0 }
  return {
    get skipped() {
      return count.skipped
    },
    [Symbol.asyncIterator]: () => batches(input, options, count),
  }
}

async function* batches(
  path: string | Readable,
  { chunk: wanted = CHUNK, interfaces = new CaptureInterfaces() }: ReadOptions,
  count: { skipped: number },
): AsyncGenerator<Batch, void> {
  const source = await openSource(path)
  // A batch begins at a multiple of 8.
  const chunk = Math.ceil(wanted / 8) * 8
  // Input and batch lie in one memory, so that packets can be moved without a native call.
  const memory = Buffer.from(new ArrayBuffer(inputSize(chunk) + 2 * windowSize(chunk)))
  const input = new CaptureInput(source, memory, chunk)
  const batch = new BatchWriter(memory, inputSize(chunk))
  try {
    const reader = await openReader(input, interfaces)
    do {
      batch.clear()
      const fault = reader.read(input.window, batch)
      count.skipped = reader.skipped
      if (batch.packets > 0) yield snapshot(batch, input)
      if (fault) throw fault
    } while (await input.fill())
    const fault = reader.finish(input.window)
    if (fault) throw fault
  } finally {
    await input.close()
  }
}

async function openReader(
  input: CaptureInput,
  interfaces: CaptureInterfaces,
): Promise<FormatReader> {
  const { window, source } = input
  while (window.end - window.start < 12 && (await input.fill())) {
    // A pipe may give a few bytes at a time.
  }
  const format = formatOf(
    window.memory.subarray(window.start, window.end).subarray(0, 12),
    source.name,
  )
  if (format.kind === 'pcap') {
    return new ClassicReader(source.name, format, interfaces.unnamed(source.label))
  }
  return new NgReader(source.name, (name, id) =>
    name === undefined && id === 0
      ? interfaces.unnamed(source.label)
      : interfaces.index(name ?? `${source.label}#${id}`),
  )
}

function snapshot(batch: BatchWriter, { source }: CaptureInput): Batch {
  return {
    buffer: batch.buffer,
    length: batch.length,
    packets: batch.packets,
    lastTime: batch.lastTime,
    bytesRead: source.taken,
    ...(source.size !== undefined && { totalBytes: source.size }),
  }
}
