import { type KernelEvent } from '../decode/event.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { type Devices } from './devices.ts'
import { observe } from './evidence.ts'
import { Lessons, type LessonsParts } from './lessons.ts'
import { OnLink } from './on-link.ts'
import { type LinkInterface } from './own-interfaces.ts'

/** µs by which packets that lie in the ring may be older than the clock of an idle line. */
const late = 2e6

/** Feeds the inventory with all that crosses the links. */
export class LinkWatch {
  readonly #devices: Devices
  readonly #onLink = new OnLink()
  readonly #lessons: Lessons

  constructor(parts: Omit<LessonsParts, 'onLink'>) {
    this.#devices = parts.devices
    this.#lessons = new Lessons({ ...parts, onLink: this.#onLink })
  }

  /** Who is there, and what it does; before anyone asks. */
  take(event: KernelEvent): void {
    observe(event, this.#devices, this.#onLink)
    this.#lessons.take(event)
  }

  /** What devices say of themselves. */
  protocol(event: ProtocolEvent): void {
    this.#lessons.protocol(event)
  }

  /** Moves the clock of an idle line to `time` (µs). */
  idle(time: number): void {
    this.#devices.advance(time - late)
  }

  /** Takes the place of what was known of all interfaces. */
  setInterfaces(interfaces: readonly LinkInterface[]): void {
    this.#devices.setInterfaces(interfaces)
    this.#onLink.setInterfaces(interfaces)
  }
}
