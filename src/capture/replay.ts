import { type Readable } from 'node:stream'
import { milliseconds } from '../config/duration.ts'
import { SensorError } from '../errors.ts'
import { type SourceCounters } from './counters.ts'
import { FlowSweep } from './flow-sweep.ts'
import { type HostSensor, openHost } from './host.ts'
import { hostOuters, hostTable } from './host-table.ts'
import { type CaptureOptions } from './options.ts'
import { type Batch, CaptureInterfaces, PACKET_HEADER, readCapture } from './pcap.ts'
import { settingsBytes } from './settings.ts'
import { type RecordHandler, type Source } from './source.ts'
import { sweepOptions } from './sweep-options.ts'

export interface ReplayOptions {
  readonly capture: CaptureOptions
  /** Paths or streams in the order of replay; `-` is standard input. */
  readonly files: readonly (string | Readable)[]
  /** Called after each batch of a file. */
  readonly progress?: (progress: ReplayProgress) => void
  /** Asked after each run of records: what to wait for before there may be more. */
  readonly room?: () => Promise<void> | undefined
}

export interface ReplayProgress {
  /** Its path; `stream` where it has none. */
  readonly file: string
  /** Bytes read of this file; its size is absent for a pipe. */
  readonly bytes: number
  readonly total?: number
  /** Packets of all files so far. */
  readonly packets: number
}

export interface ReplaySource extends Source {
  /** Made-up indexes and the names of the captures' interfaces. */
  readonly interfaces: CaptureInterfaces
  readonly packets: number
  /** Packets that no parser exists for. */
  readonly skipped: number
}

// Small enough to stay in a CPU's cache, large enough that a batch is few calls.
const RING_SIZE = 1 << 20

/**
 * Replays captures through the sensor in user space, on the captures' own clock. Nothing is held
 * back: there is no kernel to protect. Throws NOT_BUILT or OUT_OF_MEMORY; `run` rejects with the
 * reader's errors after everything before them was delivered.
 */
export function openReplay(options: ReplayOptions): ReplaySource {
  const { capture } = options
  const host = openHost({
    settings: settingsBytes({ ...capture, limits: unlimited }, true),
    ringSize: RING_SIZE,
    flows: capture.flow_table,
  })
  const replay = new Replay(host, options)
  let last: SourceCounters | undefined
  return {
    clock: { offsetNs: 0n, offset: 0 },
    interfaces: replay.interfaces,
    get packets() {
      return replay.packets
    },
    get skipped() {
      return replay.skipped
    },
    counters: () => last ?? replay.counters(),
    async run(handler) {
      try {
        await replay.run(handler)
      } finally {
        last = replay.counters()
        host.close()
      }
    },
    stop() {
      replay.stopped = true
      return Promise.resolve()
    },
  }
}

const unlimited: CaptureOptions['limits'] = {
  flow_starts: { rate: 0, burst: 1 },
  arp: { rate: 0, burst: 1 },
  icmp: { rate: 0, burst: 1 },
  fragments: { rate: 0, burst: 1 },
}

class Replay {
  readonly interfaces = new CaptureInterfaces()
  readonly #host: HostSensor
  readonly #options: ReplayOptions
  readonly #sweep: FlowSweep
  readonly #sweepInterval: bigint
  packets = 0
  skipped = 0
  stopped = false
  #records = 0
  #evicted = 0
  /** Capture time of the next sweep, ns; nothing at or after it is fed before. */
  #until = 0n
  #latest = 0n

  constructor(host: HostSensor, options: ReplayOptions) {
    this.#host = host
    this.#options = options
    this.#sweep = new FlowSweep(
      [hostTable(host, 4), hostTable(host, 6)],
      hostOuters(host),
      sweepOptions(options.capture),
    )
    this.#sweepInterval = BigInt(milliseconds(options.capture.flow.sweep_interval)) * 1_000_000n
  }

  async run(handler: RecordHandler): Promise<void> {
    let fault: unknown
    try {
      for (const file of this.#options.files) {
        if (!this.stopped) await this.#file(file, handler)
      }
    } catch (error) {
      fault = error
    }
    await this.#finish(handler)
    if (fault !== undefined) throw fault
  }

  async #file(file: string | Readable, handler: RecordHandler): Promise<void> {
    const capture = readCapture(file, { interfaces: this.interfaces })
    for await (const batch of capture) {
      await this.#batch(batch, handler)
      this.packets += batch.packets
      this.#options.progress?.({
        file: typeof file === 'string' ? file : 'stream',
        bytes: batch.bytesRead,
        packets: this.packets,
        ...(batch.totalBytes !== undefined && { total: batch.totalBytes }),
      })
      if (this.stopped) return
    }
    this.skipped += capture.skipped
  }

  async #batch({ buffer, length }: Batch, handler: RecordHandler): Promise<void> {
    let at = 0
    while (at < length) {
      const taken = this.#host.feed(buffer, at, length, this.#until)
      const delivered = this.#drain(handler)
      await this.#options.room?.()
      at += taken
      if (at >= length) return
      const time = buffer.readBigUInt64LE(at)
      if (time >= this.#until) await this.#sweepAt(time, handler)
      else if (taken === 0 && delivered === 0) throw stuck(buffer.readUInt32LE(at + 8))
    }
  }

  #drain(handler: RecordHandler): number {
    let delivered = 0
    for (;;) {
      const taken = this.#host.reader.drain(handler)
      if (taken === 0) break
      delivered += taken
      handler.flush?.()
    }
    this.#records += delivered
    return delivered
  }

  /** Sweeps at the time of the next packet, so that batch sizes do not matter. */
  async #sweepAt(time: bigint, handler: RecordHandler): Promise<void> {
    if (this.#latest !== 0n) {
      this.#sweep.begin(Number(time))
      await this.#sweepAll(handler)
      this.#countEvictions()
    }
    this.#latest = time
    this.#until = time + this.#sweepInterval
  }

  async #finish(handler: RecordHandler): Promise<void> {
    this.#drain(handler)
    this.#sweep.begin(Number(this.#latest), true)
    await this.#sweepAll(handler)
  }

  async #sweepAll(handler: RecordHandler): Promise<void> {
    for (let more = true; more; ) {
      more = this.#sweep.step(handler)
      handler.flush?.()
      await this.#options.room?.()
    }
  }

  #countEvictions(): void {
    const { removed, live } = this.#sweep.counts
    this.#evicted = Math.max(0, this.#host.counters().flows - removed - live)
  }

  counters(): SourceCounters {
    const { updates, ends, live } = this.#sweep.counts
    return {
      kernel: this.#host.counters(),
      records: this.#records,
      flowUpdates: updates,
      flowEnds: ends,
      flowsLive: live,
      flowsEvicted: this.#evicted,
      ringBacklog: this.#host.reader.backlog,
      ringSize: this.#host.reader.size,
    }
  }
}

function stuck(size: number): SensorError {
  const text = `packet of ${size} bytes needs more room than the ring has (header ${PACKET_HEADER})`
  return new SensorError('INTERNAL', text)
}
