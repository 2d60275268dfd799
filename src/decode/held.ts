import { type MessageEvent } from './message.ts'
import { l7 } from './record.ts'
import { type StreamSide } from './stream.ts'

/** µs of event time: what was only late has been sent again by then (RFC 6298 2.1). */
const PATIENCE = 1_000_000

/** News of a side that is not told yet. */
export interface HeldNews {
  readonly side: StreamSide
  /** The piece that brought the last bytes. */
  event: MessageEvent
  /** A message began with them. */
  began: boolean
  /** Event time when waiting ends, µs. */
  readonly until: number
}

/**
 * What text and names seem to say beyond a gap: its bytes may show that it is the middle of another
 * message, which begins in the gap. At most one entry a side, in the order in which waiting ends.
 */
export class HeldBack {
  readonly #bySide = new Map<StreamSide, HeldNews>()

  /** Whether `event` leaves a doubt about what its side seems to say. */
  isDoubtful(side: StreamSide, { packet }: MessageEvent): boolean {
    return packet.doubtful && (side.l7 === l7.L7_HTTP || side.l7 === l7.L7_DNS)
  }

  /** Keeps the news that `event` brought. */
  keep(side: StreamSide, event: MessageEvent, began: boolean): void {
    const known = this.#bySide.get(side)
    if (known === undefined) {
      this.#bySide.set(side, { side, event, began, until: event.packet.time + PATIENCE })
      return
    }
    known.event = event
    known.began ||= began
  }

  /** What is kept of `side`, which is no longer kept. */
  release(side: StreamSide): HeldNews | undefined {
    if (this.#bySide.size === 0) return undefined
    const known = this.#bySide.get(side)
    if (known !== undefined) this.#bySide.delete(side)
    return known
  }

  /** The news whose waiting has ended at `time` (µs) and which is kept for longest. */
  due(time: number): HeldNews | undefined {
    if (this.#bySide.size === 0) return undefined
    const [oldest] = this.#bySide.values()
    return oldest !== undefined && oldest.until <= time ? oldest : undefined
  }
}
