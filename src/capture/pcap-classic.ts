import { type SensorError } from '../errors.ts'
import { type BatchWriter } from './pcap-batch.ts'
import { damaged, type Format, isReadable, MAX_PACKET, unsupportedLink } from './pcap-format.ts'
import { type Window } from './pcap-input.ts'
import { type FormatReader } from './pcap-reader.ts'

const FILE_HEADER = 24

/**
 * Reader of classic pcap (draft-ietf-opsawg-pcap): file header magic, major, minor, zone, sigfigs,
 * snaplen, link type; records seconds, fraction, captured length, length on the wire, bytes.
 */
export class ClassicReader implements FormatReader {
  readonly skipped = 0
  readonly #name: string
  readonly #format: Format
  readonly #ifindex: number
  #header = false
  #snaplen = MAX_PACKET
  #linktype = 0
  /** Before version 2.3 the two lengths stood the other way round. */
  #swapped = false
  #packets = 0
  // Seconds change rarely, their product in two halves is kept.
  #second = -1
  #secondLow = 0
  #secondHigh = 0

  constructor(name: string, format: Format, ifindex: number) {
    this.#name = name
    this.#format = format
    this.#ifindex = ifindex
  }

  read(window: Window, batch: BatchWriter): SensorError | undefined {
    if (!this.#header) {
      if (window.end - window.start < FILE_HEADER) return undefined
      const fault = this.#readHeader(window)
      if (fault) return fault
    }
    const before = batch.packets
    const fault = this.#records(window, batch)
    this.#packets += batch.packets - before
    return fault
  }

  #readHeader(window: Window): SensorError | undefined {
    const { view, start } = window
    const little = this.#format.littleEndian
    const major = view.getUint16(start + 4, little)
    const minor = view.getUint16(start + 6, little)
    if (major !== 2) return damaged(`\`${this.#name}\` has pcap version ${major}.${minor}, not 2.x`)
    this.#swapped = minor < 3
    this.#snaplen = view.getUint32(start + 16, little) || MAX_PACKET
    // The upper half tells the length of the frame check sequence.
    this.#linktype = view.getUint32(start + 20, little) & 0xffff
    this.#header = true
    window.start += FILE_HEADER
    return isReadable(this.#linktype) ? undefined : unsupportedLink(this.#name, [this.#linktype])
  }

  #records(window: Window, batch: BatchWriter): SensorError | undefined {
    const { view, end } = window
    const { littleEndian: little, recordHeader } = this.#format
    const [captured, wire] = this.#swapped ? [12, 8] : [8, 12]
    const ifindex = this.#ifindex
    const linktype = this.#linktype
    let at = window.start
    let fault: SensorError | undefined
    while (end - at >= recordHeader) {
      const caplen = view.getUint32(at + captured, little)
      const wirelen = view.getUint32(at + wire, little)
      if (caplen > MAX_PACKET || (caplen > this.#snaplen && caplen > wirelen)) {
        fault = this.#absurd(caplen, wirelen, at + window.shift)
        break
      }
      if (end - at - recordHeader < caplen) break
      this.#time(view.getUint32(at, little), view.getUint32(at + 4, little), batch)
      batch.add(at + recordHeader, caplen, wirelen, ifindex, linktype)
      at += recordHeader + caplen
    }
    window.start = at
    return fault
  }

  /** Seconds and fraction as ns in two halves; every step is exact in a double. */
  #time(second: number, fraction: number, batch: BatchWriter): void {
    if (second !== this.#second) this.#newSecond(second)
    const low = this.#secondLow + fraction * this.#format.unit
    batch.timeLow = low >>> 0
    batch.timeHigh = this.#secondHigh + Math.floor(low / 4_294_967_296)
  }

  #newSecond(second: number): void {
    const upper = (second >>> 16) * 1_000_000_000
    const low = (upper % 65_536) * 65_536 + (second & 0xffff) * 1_000_000_000
    this.#second = second
    this.#secondLow = low % 4_294_967_296
    this.#secondHigh = Math.floor(upper / 65_536) + Math.floor(low / 4_294_967_296)
  }

  #absurd(caplen: number, wirelen: number, offset: number): SensorError {
    const limit = caplen > MAX_PACKET ? `limit ${MAX_PACKET}` : `snapshot length ${this.#snaplen}`
    const lengths = `${caplen} captured bytes of ${wirelen} (${limit})`
    const before = `all ${this.#packets} packets before it were read`
    return damaged(
      `\`${this.#name}\` is damaged at byte ${offset}: a packet of ${lengths}; ${before}`,
    )
  }

  finish(window: Window): SensorError | undefined {
    if (!this.#header) return damaged(`\`${this.#name}\` ends inside its file header`)
    return window.end > window.start
      ? cutShort(this.#name, window.start + window.shift, this.#packets)
      : undefined
  }
}

/** The fault of a capture whose last record, at `offset`, is incomplete. */
export function cutShort(name: string, offset: number, packets: number): SensorError {
  const before = `all ${packets} packets before it were read`
  return damaged(`\`${name}\` is cut short: the record at byte ${offset} is incomplete; ${before}`)
}
