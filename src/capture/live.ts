import {
  type AttachmentEvents,
  type Attachments,
  attachments,
  refuseNothing,
} from './attachments.ts'
import { kernelClock } from './clock.ts'
import { type SourceCounters } from './counters.ts'
import { type Interface } from './interfaces.ts'
import { type CaptureOptions } from './options.ts'
import { RingReader } from './ring-buffer.ts'
import { mapRing } from './ring-map.ts'
import { selectInterfaces } from './select.ts'
import { loadSensor, type Sensor } from './sensor.ts'
import { idleCounters, type Session, type SessionParts, startSession } from './session.ts'
import { type KernelTime, type RecordHandler, type Source, type SourceClock } from './source.ts'
import { networkNow, watchNetwork } from './watch.ts'

export interface LiveOptions {
  readonly capture: CaptureOptions
  /** The object file, when it is not the one of this checkout or package. */
  readonly object?: string
}

export interface LiveSource extends Source {
  /** The interfaces that are watched now. */
  readonly interfaces: readonly Interface[]
  /**
   * Attaches: from now on the kernel counts and gathers, for `run` to deliver, which attaches by
   * itself too. Rejects with BPF_LOAD_FAILED or PRIVILEGES_MISSING: what the verifier says.
   */
  attach(): Promise<void>
}

/**
 * Loads the sensor into the kernel. Throws NO_INTERFACE when there is nothing to attach to,
 * PRIVILEGES_MISSING, LIBBPF_MISSING, NOT_BUILT or BPF_LOAD_FAILED. A source runs once.
 */
export function openLive(options: LiveOptions, events: AttachmentEvents = {}): LiveSource {
  return new LiveCapture(options, events)
}

class LiveCapture implements LiveSource {
  readonly #parts: LoadedParts
  readonly #held: Attachments
  #watch: { close(): void } | undefined
  #attached: Promise<void> | undefined
  #session: Session | undefined
  #running: Promise<void> | undefined
  #last: SourceCounters | undefined
  #failure: unknown
  #stopped = false

  constructor(options: LiveOptions, events: AttachmentEvents) {
    this.#parts = loadParts(options)
    const { interfaces: wanted, attach: mode } = options.capture
    this.#held = attachments({ wanted, mode, program: this.#parts.sensor.program }, events)
  }

  get clock(): SourceClock {
    return this.#parts.clock
  }

  get interfaces(): readonly Interface[] {
    return this.#held.interfaces
  }

  /** They outlive the maps that they are read from. */
  counters(): SourceCounters {
    return this.#last ?? this.#session?.counters() ?? idleCounters(this.#parts)
  }

  kernelTime(): KernelTime {
    return this.#parts.kernelTime()
  }

  attach(): Promise<void> {
    this.#attached ??= this.#attach()
    return this.#attached
  }

  async run(handler: RecordHandler): Promise<void> {
    await this.attach()
    if (this.#stopped) return
    const session = startSession(this.#parts, handler)
    if (this.#failure !== undefined) session.fail(this.#failure)
    this.#session = session
    this.#running = this.#finish(session)
    await this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#session?.end()
    if (this.#running === undefined) this.#release()
    else await this.#running.catch(() => undefined) // `run` tells its caller
  }

  async #attach(): Promise<void> {
    await this.#parts.ready
    if (this.#stopped) return
    this.#watch = watchNetwork(this.#held.follow, error => {
      this.#failure ??= error
      this.#session?.fail(error)
    })
    this.#held.follow(networkNow())
  }

  async #finish(session: Session): Promise<void> {
    try {
      await session.over
      this.#detach()
      session.end()
      session.finish()
    } finally {
      session.end()
      this.#release()
    }
  }

  #detach(): void {
    this.#watch?.close()
    this.#watch = undefined
    this.#held.detachAll()
  }

  #release(): void {
    this.#detach()
    this.#last ??= this.counters()
    this.#parts.release()
  }
}

interface LoadedParts extends SessionParts {
  readonly sensor: Sensor
  readonly ready: Promise<void>
  kernelTime(): KernelTime
  /** Frees everything in the kernel; twice is fine. */
  release(): void
}

function loadParts({ capture, object: path }: LiveOptions): LoadedParts {
  const network = networkNow()
  refuseNothing(capture.interfaces, network)
  const chosen = selectInterfaces(capture.interfaces, network.interfaces, network.routes)
  const onlyIp = chosen.length > 0 && chosen.every(({ link }) => link === 'l3')
  const sensor = loadSensor(capture, path)
  const ready = sensor.prepare(onlyIp ? 'l3' : 'l2')
  ready.catch(() => undefined) // who runs the source is told
  const ring = mapRing(sensor.object.map('events'))
  let held = true
  let time = sensor.time()
  return {
    capture,
    sensor,
    ready,
    object: sensor.object,
    reader: new RingReader(ring),
    clock: kernelClock(),
    kernelTime() {
      if (held) time = sensor.time()
      return time
    },
    release() {
      if (!held) return
      time = sensor.time()
      held = false
      ring.unmap()
      sensor.close()
    },
  }
}
