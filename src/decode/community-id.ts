import * as crypto from 'node:crypto'
import { ipProtocol } from './protocol.ts'

/**
 * One conversation: addresses as words in network order (IPv4 in the first). The ports of ICMP
 * stand for type and code, or for type and answering type, as in the Community ID specification.
 */
export interface FlowTuple {
  readonly family: number
  readonly protocol: number
  readonly source0: number
  readonly source1: number
  readonly source2: number
  readonly source3: number
  readonly destination0: number
  readonly destination1: number
  readonly destination2: number
  readonly destination3: number
  readonly sourcePort: number
  readonly destinationPort: number
}

/** Types that ask and answer each other; every other type runs one way (Zeek's table). */
const answers4 = pairs([0, 8], [9, 10], [13, 14], [15, 16], [17, 18])
const answers6 = pairs([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145])

function pairs(...list: [number, number][]): ReadonlyMap<number, number> {
  return new Map([...list, ...list.map(([one, other]): [number, number] => [other, one])])
}

/**
 * The ICMP type that answers `type` (and so shares its conversation) for protocol 1 or 58,
 * `undefined` for types that are not answered and for other protocols.
 */
export function answeringType(protocol: number, type: number): number | undefined {
  if (protocol === ipProtocol.icmp) return answers4.get(type)
  return protocol === ipProtocol.icmp6 ? answers6.get(type) : undefined
}

/** Inputs by length, kept because the hash takes whole buffers: IPv4 and IPv6, without and with ports. */
const inputs = new Map([12, 16, 36, 40].map(size => [size, Buffer.alloc(size)]))

/**
 * Community ID v1 (github.com/corelight/community-id-spec): SHA-1 over the conversation with its
 * lower end first, so that both directions agree; `seed` is 16 bits wide. `undefined` without IP.
 */
export function communityId(tuple: FlowTuple, seed = 0): string | undefined {
  const width = widths.get(tuple.family)
  if (width === undefined) return undefined
  const input = inputs.get(4 + 2 * width + (isPorted(tuple.protocol) ? 4 : 0))
  if (input === undefined) return undefined
  const answer = answeringType(tuple.protocol, tuple.sourcePort)
  const destinationPort = answer ?? tuple.destinationPort
  const oneWay = answer === undefined && isIcmp(tuple.protocol)
  const flip = !oneWay && !isOrdered(tuple, destinationPort)
  input.writeUInt16BE(seed & 0xffff)
  writeSource(input, flip ? 2 + width : 2, tuple)
  writeDestination(input, flip ? 2 : 2 + width, tuple)
  input.writeUInt16BE(tuple.protocol << 8, 2 + 2 * width)
  writePorts(input, 4 + 2 * width, flip, tuple.sourcePort, destinationPort)
  return `1:${crypto.hash('sha1', input, 'base64')}`
}

/** Bytes of an address by family. */
const widths = new Map([
  [4, 4],
  [6, 16],
])

function isIcmp(protocol: number): boolean {
  return protocol === ipProtocol.icmp || protocol === ipProtocol.icmp6
}

function isPorted(protocol: number): boolean {
  return (
    protocol === ipProtocol.tcp ||
    protocol === ipProtocol.udp ||
    protocol === ipProtocol.sctp ||
    isIcmp(protocol)
  )
}

/** Whether the source is the lower (address, port) end. */
function isOrdered(tuple: FlowTuple, destinationPort: number): boolean {
  const difference =
    compare(tuple.source0, tuple.destination0) ||
    compare(tuple.source1, tuple.destination1) ||
    compare(tuple.source2, tuple.destination2) ||
    compare(tuple.source3, tuple.destination3) ||
    tuple.sourcePort - destinationPort
  return difference < 0
}

/** Of signed words as the unsigned numbers that they stand for. */
function compare(one: number, other: number): number {
  return (one >>> 0) - (other >>> 0)
}

function writeSource(input: Buffer, offset: number, tuple: FlowTuple): void {
  input.writeInt32BE(tuple.source0, offset)
  if (tuple.family === 4) return
  input.writeInt32BE(tuple.source1, offset + 4)
  input.writeInt32BE(tuple.source2, offset + 8)
  input.writeInt32BE(tuple.source3, offset + 12)
}

function writeDestination(input: Buffer, offset: number, tuple: FlowTuple): void {
  input.writeInt32BE(tuple.destination0, offset)
  if (tuple.family === 4) return
  input.writeInt32BE(tuple.destination1, offset + 4)
  input.writeInt32BE(tuple.destination2, offset + 8)
  input.writeInt32BE(tuple.destination3, offset + 12)
}

/** Of protocols without ports the input ends before them. */
function writePorts(
  input: Buffer,
  offset: number,
  flip: boolean,
  sourcePort: number,
  destinationPort: number,
): void {
  if (offset === input.length) return
  input.writeUInt16BE(flip ? destinationPort : sourcePort, offset)
  input.writeUInt16BE(flip ? sourcePort : destinationPort, offset + 2)
}
