import { type AttachmentEvents, attachments, refuseNothing } from './attachments.ts'
import { kernelClock } from './clock.ts'
import { type SourceCounters } from './counters.ts'
import { type Interface } from './interfaces.ts'
import { type CaptureOptions } from './options.ts'
import { RingReader } from './ring-buffer.ts'
import { mapRing } from './ring-map.ts'
import { selectInterfaces } from './select.ts'
import { loadSensor, type Sensor } from './sensor.ts'
import { idleCounters, type Session, type SessionParts, startSession } from './session.ts'
import { type KernelTime, type Source } from './source.ts'
import { networkNow, watchNetwork } from './watch.ts'

export interface LiveOptions {
  readonly capture: CaptureOptions
  /** The object file, when it is not the one of this checkout or package. */
  readonly object?: string
}

export interface LiveSource extends Source {
  /** Rejects when the kernel does not take the programs; `run` waits for it, and rejects too. */
  readonly ready: Promise<void>
  /** The interfaces that are watched now. */
  readonly interfaces: readonly Interface[]
}

/**
 * Loads the sensor into the kernel; nothing is attached before `run`. Throws NO_INTERFACE when there
 * is nothing to attach to, PRIVILEGES_MISSING, LIBBPF_MISSING, NOT_BUILT or BPF_LOAD_FAILED, what the
 * verifier says comes with `ready`. A source runs once.
 */
export function openLive(options: LiveOptions, events: AttachmentEvents = {}): LiveSource {
  const parts = loadParts(options)
  const held = holder(options, parts.sensor, events)
  let session: Session | undefined
  let last: SourceCounters | undefined
  let running: Promise<void> | undefined
  let stopped = false

  const counters = () => last ?? session?.counters() ?? idleCounters(parts)

  /** The counters outlive the maps that they are read from. */
  function release(): void {
    last ??= counters()
    parts.release()
  }

  async function run(begun: Session): Promise<void> {
    const watch = watchNetwork(held.follow, begun.fail)
    try {
      held.follow(networkNow())
      await begun.over
    } finally {
      watch.close()
      held.detachAll()
      begun.end()
    }
    begun.finish()
  }

  return {
    clock: parts.clock,
    ready: parts.ready,
    get interfaces() {
      return held.interfaces
    },
    counters,
    kernelTime: parts.kernelTime,
    async run(handler) {
      await parts.ready
      if (stopped) return
      const begun = startSession(parts, handler)
      session = begun
      running = run(begun).finally(release)
      await running
    },
    async stop() {
      stopped = true
      if (running === undefined) release()
      session?.end()
      await running?.catch(() => undefined) // `run` tells its caller
    },
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

function holder({ capture }: LiveOptions, { program }: Sensor, events: AttachmentEvents) {
  return attachments({ wanted: capture.interfaces, mode: capture.attach, program }, events)
}
