import { type SensorError } from '../errors.ts'
import { type BatchWriter } from './pcap-batch.ts'
import { cutShort } from './pcap-classic.ts'
import { damaged, MAX_PACKET, unsupportedLink } from './pcap-format.ts'
import { MAX_RECORD, type Window } from './pcap-input.ts'
import { type FormatReader } from './pcap-reader.ts'
import { type NgInterface, parseInterface } from './pcapng-interface.ts'

const SECTION = 0x0a0d0d0a
const INTERFACE = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

const ORDER_MAGIC = 0x1a2b3c4d
const INTERFACES = 65_536

// Block lengths without data: type, length, fixed fields, length again.
const smallest: Readonly<Record<number, number>> = {
  [SECTION]: 28,
  [INTERFACE]: 20,
  [OBSOLETE_PACKET]: 32,
  [SIMPLE_PACKET]: 16,
  [ENHANCED_PACKET]: 32,
}

/**
 * Reader of pcapng (draft-ietf-opsawg-pcapng): blocks of type, total length, body, total length.
 * Sections of either byte order may follow each other; unknown blocks are passed over.
 */
export class NgReader implements FormatReader {
  skipped = 0
  readonly #name: string
  readonly #register: (name: string | undefined, id: number) => number
  readonly #refused = new Set<number>()
  #little = true
  #interfaces: NgInterface[] = []
  #packets = 0
  /** Bytes of an unknown block that are still to come. */
  #pass = 0
  #passFrom = 0
  #fault: SensorError | undefined

  constructor(name: string, register: (name: string | undefined, id: number) => number) {
    this.#name = name
    this.#register = register
  }

  read(window: Window, batch: BatchWriter): SensorError | undefined {
    while (this.#block(window, batch)) {
      // Each turn takes one block.
    }
    return this.#fault
  }

  /** Takes one block; false when it is not complete yet or is faulty. */
  #block(window: Window, batch: BatchWriter): boolean {
    if (this.#pass > 0 && !this.#passOver(window)) return false
    const { view, start, end } = window
    if (end - start < 12) return false
    const type = view.getUint32(start, this.#little)
    if (type === SECTION && !this.#order(window)) return false
    const total = view.getUint32(start + 4, this.#little)
    const least = smallest[type]
    if (total < (least ?? 12) || total % 4 !== 0) return this.#bad(window, `block length ${total}`)
    if (least === undefined) {
      this.#pass = total
      this.#passFrom = start + window.shift
      return true
    }
    if (!this.#whole(total, window) || !this.#take(type, total, window, batch)) return false
    window.start += total
    return true
  }

  #whole(total: number, window: Window): boolean {
    const { view, start, end } = window
    if (total > MAX_RECORD) return this.#bad(window, `block length ${total}, limit ${MAX_RECORD}`)
    if (end - start < total) return false
    if (view.getUint32(start + total - 4, this.#little) === total) return true
    return this.#bad(window, 'the two lengths of a block differ')
  }

  #passOver(window: Window): boolean {
    const size = Math.min(this.#pass, window.end - window.start)
    window.start += size
    this.#pass -= size
    return this.#pass === 0
  }

  #order(window: Window): boolean {
    const { view, start } = window
    this.#little = view.getUint32(start + 8, true) === ORDER_MAGIC
    if (this.#little || view.getUint32(start + 8, false) === ORDER_MAGIC) return true
    return this.#bad(window, 'a section without byte-order magic')
  }

  #take(type: number, total: number, window: Window, batch: BatchWriter): boolean {
    switch (type) {
      case SECTION:
        return this.#section(window)
      case INTERFACE:
        return this.#interface(total, window)
      case SIMPLE_PACKET:
        return this.#simple(total, window, batch)
      default:
        return this.#packet(type, total, window, batch)
    }
  }

  #section(window: Window): boolean {
    const major = window.view.getUint16(window.start + 12, this.#little)
    if (major !== 1) return this.#bad(window, `a section of pcapng version ${major}, not 1`)
    this.#interfaces = []
    return true
  }

  #interface(total: number, window: Window): boolean {
    const id = this.#interfaces.length
    if (id >= INTERFACES) return this.#bad(window, `more than ${INTERFACES} interfaces`)
    const body = window.memory.subarray(window.start + 8, window.start + total - 4)
    const register = (name: string | undefined) => this.#register(name, id)
    this.#interfaces.push(parseInterface(body, this.#little, register))
    return true
  }

  /** Enhanced (4.3) and obsolete (A) packet blocks differ in the width of the interface's id. */
  #packet(type: number, total: number, window: Window, batch: BatchWriter): boolean {
    const { view, start } = window
    const little = this.#little
    const id =
      type === OBSOLETE_PACKET
        ? view.getUint16(start + 8, little)
        : view.getUint32(start + 8, little)
    const from = this.#interfaces[id]
    if (!from) return this.#bad(window, `a packet of interface ${id}, which is not described`)
    const caplen = view.getUint32(start + 20, little)
    if (caplen > MAX_PACKET || caplen > total - 32) {
      return this.#bad(window, `a packet of ${caplen} bytes in a block of ${total}`)
    }
    if (!from.readable) return this.#leaveOut(from)
    from.time(view.getUint32(start + 12, little), view.getUint32(start + 16, little), batch)
    const wirelen = view.getUint32(start + 24, little)
    batch.add(start + 28, caplen, wirelen, from.ifindex, from.linktype)
    this.#packets++
    return true
  }

  /** Simple packet block (4.4): interface 0, no time; the time of the packet before stands. */
  #simple(total: number, window: Window, batch: BatchWriter): boolean {
    const { view, start } = window
    const [from] = this.#interfaces
    if (!from) return this.#bad(window, 'a packet before any interface is described')
    const wirelen = view.getUint32(start + 8, this.#little)
    const caplen = Math.min(wirelen, from.snaplen, total - 16)
    if (caplen > MAX_PACKET) return this.#bad(window, `a packet of ${caplen} bytes`)
    if (!from.readable) return this.#leaveOut(from)
    batch.add(start + 12, caplen, wirelen, from.ifindex, from.linktype)
    this.#packets++
    return true
  }

  #leaveOut(from: NgInterface): boolean {
    this.skipped++
    this.#refused.add(from.linktype)
    return true
  }

  #bad(window: Window, what: string): false {
    const place = `\`${this.#name}\` is damaged at byte ${window.start + window.shift}`
    this.#fault = damaged(`${place}: ${what}; all ${this.#packets} packets before it were read`)
    return false
  }

  finish(window: Window): SensorError | undefined {
    if (this.#pass > 0) return cutShort(this.#name, this.#passFrom, this.#packets)
    if (window.end > window.start) {
      return cutShort(this.#name, window.start + window.shift, this.#packets)
    }
    if (this.#packets === 0 && this.skipped > 0) return unsupportedLink(this.#name, this.#refused)
    return undefined
  }
}
