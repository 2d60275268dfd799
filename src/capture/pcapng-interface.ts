import { type BatchWriter } from './pcap-batch.ts'
import { isReadable, MAX_PACKET } from './pcap-format.ts'

const NAME_LIMIT = 256
const END_OF_OPTIONS = 0
const IF_NAME = 2
const IF_TSRESOL = 9
const IF_TSOFFSET = 14

/** An interface of a pcapng section. */
export interface NgInterface {
  readonly linktype: number
  readonly readable: boolean
  readonly snaplen: number
  readonly ifindex: number
  /** Puts a time of this interface, two halves of its units, into the batch as ns. */
  readonly time: (high: number, low: number, batch: BatchWriter) => void
}

/**
 * Reads an interface description block (draft-ietf-opsawg-pcapng 4.2): link type, reserved,
 * snaplen, options. `register` gives the index for the name in it, if any.
 */
export function parseInterface(
  body: Buffer,
  little: boolean,
  register: (name: string | undefined) => number,
): NgInterface {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const options = parseOptions(body, view, little)
  const linktype = view.getUint16(0, little)
  const offset = options.get(IF_TSOFFSET)
  return {
    linktype,
    readable: isReadable(linktype),
    snaplen: view.getUint32(4, little) || MAX_PACKET,
    ifindex: register(nameOf(options.get(IF_NAME))),
    time: timeOf(
      options.get(IF_TSRESOL)?.[0] ?? 6,
      offset?.length === 8 ? seconds(offset, little) : 0n,
    ),
  }
}

/** Options from the ninth byte on; a damaged one ends the list. */
function parseOptions(body: Buffer, view: DataView, little: boolean): Map<number, Buffer> {
  const options = new Map<number, Buffer>()
  for (let at = 8; at + 4 <= body.length; ) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    if (code === END_OF_OPTIONS || at + 4 + length > body.length) break
    if (!options.has(code)) options.set(code, body.subarray(at + 4, at + 4 + length))
    at += 4 + ((length + 3) & ~3)
  }
  return options
}

function nameOf(option: Buffer | undefined): string | undefined {
  const text = option?.subarray(0, NAME_LIMIT).toString().replace(/\0.*$/s, '')
  return text === '' ? undefined : text
}

function seconds(option: Buffer, little: boolean): bigint {
  return little ? option.readBigInt64LE() : option.readBigInt64BE()
}

/** The conversion for a resolution (if_tsresol: 10^-n, with the top bit 2^-n) and an offset. */
function timeOf(resolution: number, offset: bigint): NgInterface['time'] {
  if (offset === 0n && resolution === 6) return microseconds
  if (offset === 0n && resolution === 9) return nanoseconds
  const exponent = BigInt(resolution & 0x7f)
  const units = resolution & 0x80 ? 1n << exponent : 10n ** exponent
  const shift = offset * 1_000_000_000n
  return (high, low, batch) => {
    const time = (BigInt(high) << 32n) | BigInt(low)
    set(batch, (time * 1_000_000_000n) / units + shift)
  }
}

function nanoseconds(high: number, low: number, batch: BatchWriter): void {
  batch.timeLow = low
  batch.timeHigh = high
}

function microseconds(high: number, low: number, batch: BatchWriter): void {
  const product = low * 1000
  batch.timeLow = product >>> 0
  batch.timeHigh = (high * 1000 + Math.floor(product / 4_294_967_296)) >>> 0
}

const LATEST = 0xffff_ffff_ffff_ffffn

function set(batch: BatchWriter, time: bigint): void {
  const inside = time < 0n ? 0n : time > LATEST ? LATEST : time
  batch.timeLow = Number(inside & 0xffff_ffffn)
  batch.timeHigh = Number(inside >> 32n)
}
