import koffi from 'koffi'
import { type RingReader } from './ring-buffer.ts'
import { type RecordHandler } from './source.ts'

export interface RingPump {
  /** Records delivered so far. */
  readonly records: number
  /** Delivers what is there now, without waiting. */
  drain(): void
  /** Stops at once; what is left in the ring stays for `drain`. */
  stop(): void
}

const BATCH = 4096
const GATHER_MS = 1

/**
 * Keeps a ring drained. It waits in the event loop's own epoll on the map's descriptor, so an idle
 * sensor costs nothing and no thread is held. After a record it looks again in 1 ms rather than at
 * once: the kernel wakes only a reader that has caught up, so under load records come in batches,
 * without a wake-up for each. A full batch goes on at the next turn of the loop.
 */
export function pumpRing(
  fd: number,
  reader: RingReader,
  handler: RecordHandler,
  failed: (error: unknown) => void,
): RingPump {
  let records = 0
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined
  let running = true

  function drain(): number {
    const taken = reader.drain(handler, BATCH)
    records += taken
    if (taken > 0) handler.flush?.()
    return taken
  }

  function work(): void {
    if (!running) return
    try {
      const taken = drain()
      if (taken === BATCH) turn = setImmediate(work)
      else if (taken > 0) timer = setTimeout(work, GATHER_MS)
      else wait.start({ readable: true }, wake)
    } catch (error) {
      stop()
      failed(error)
    }
  }

  function wake(): void {
    wait.stop()
    work()
  }

  function stop(): void {
    if (!running) return
    running = false
    clearTimeout(timer)
    clearImmediate(turn)
    wait.stop()
    wait.close()
  }

  const wait = koffi.node.poll(fd, { readable: true }, wake)
  return {
    get records() {
      return records
    },
    drain() {
      while (drain() > 0);
    },
    stop,
  }
}
