import { type Readable } from 'node:stream'
import { CaptureInterfaces, PACKET_HEADER, readCapture } from '../../src/capture/pcap.ts'
import { SensorError } from '../../src/errors.ts'

/** A packet as it stands in a batch. */
export interface Row {
  readonly time: bigint
  readonly wirelen: number
  readonly ifindex: number
  readonly linktype: number
  readonly bytes: Uint8Array
}

/** All that a capture gave before it ended or failed. */
export interface Read {
  readonly rows: Row[]
  readonly lastTime: number
  readonly skipped: number
  readonly interfaces: CaptureInterfaces
  readonly error: SensorError | undefined
}

/** Reads a capture to its end and unpacks every batch. */
export async function collect(input: string | Readable, chunk?: number): Promise<Read> {
  const interfaces = new CaptureInterfaces()
  const capture = readCapture(input, { interfaces, ...(chunk !== undefined && { chunk }) })
  const rows: Row[] = []
  let lastTime = 0
  let error: SensorError | undefined
  try {
    for await (const batch of capture) {
      const before = rows.length
      unpack(batch.buffer.subarray(0, batch.length), rows)
      if (rows.length - before !== batch.packets) throw new Error('batch.packets is wrong')
      lastTime = batch.lastTime
    }
  } catch (thrown) {
    if (!(thrown instanceof SensorError)) throw thrown
    error = thrown
  }
  return { rows, lastTime, skipped: capture.skipped, interfaces, error }
}

/** Unpacks the packets of a batch; the layout is spelled out again here, on purpose. */
function unpack(batch: Buffer, rows: Row[]): void {
  for (let at = 0; at < batch.length; ) {
    const caplen = batch.readUInt32LE(at + 8)
    rows.push({
      time: batch.readBigUInt64LE(at),
      wirelen: batch.readUInt32LE(at + 12),
      ifindex: batch.readUInt32LE(at + 16),
      linktype: batch.readUInt16LE(at + 20),
      bytes: Uint8Array.from(batch.subarray(at + PACKET_HEADER, at + PACKET_HEADER + caplen)),
    })
    at += PACKET_HEADER + Math.ceil(caplen / 8) * 8
  }
}
