import { IpAddress } from './address.ts'
import { answeringType, communityId, type FlowTuple } from './community-id.ts'
import { hasPorts, ipProtocol } from './protocol.ts'

/** The packet that an ICMP error speaks of, as far as the error quotes it. */
export class QuotedPacket implements FlowTuple {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly sourcePort: number
  readonly destinationPort: number
  /** Whether the quotation reaches to the ports (of ICMP: type and code). */
  readonly complete: boolean

  constructor(
    source: IpAddress,
    destination: IpAddress,
    protocol: number,
    ports: readonly [number, number] | undefined,
  ) {
    this.source = source
    this.destination = destination
    this.protocol = protocol
    this.sourcePort = ports?.[0] ?? 0
    this.destinationPort = ports?.[1] ?? 0
    this.complete = ports !== undefined
  }

  get family(): 4 | 6 {
    return this.source.family
  }
  get source0(): number {
    return this.source.word0
  }
  get source1(): number {
    return this.source.word1
  }
  get source2(): number {
    return this.source.word2
  }
  get source3(): number {
    return this.source.word3
  }
  get destination0(): number {
    return this.destination.word0
  }
  get destination1(): number {
    return this.destination.word1
  }
  get destination2(): number {
    return this.destination.word2
  }
  get destination3(): number {
    return this.destination.word3
  }

  /** Community ID v1 of the conversation that the error speaks of, `undefined` when cut short. */
  get communityId(): string | undefined {
    return this.complete ? communityId(this) : undefined
  }
}

/** The IP packet at `offset` of `view`, quoted up to `end`; `undefined` when it is none. */
export function readQuoted(view: DataView, offset: number, end: number): QuotedPacket | undefined {
  if (offset >= end) return undefined
  const version = view.getUint8(offset) >>> 4
  if (version === 4) return readQuoted4(view, offset, end)
  return version === 6 ? readQuoted6(view, offset, end) : undefined
}

/** RFC 791 3.1. */
function readQuoted4(view: DataView, offset: number, end: number): QuotedPacket | undefined {
  const headerSize = (view.getUint8(offset) & 15) * 4
  if (offset + 20 > end || headerSize < 20) return undefined
  const protocol = view.getUint8(offset + 9)
  const later = (view.getUint16(offset + 6) & 0x1fff) !== 0
  const ports = later ? undefined : readPorts(view, offset + headerSize, end, protocol)
  const source = IpAddress.read(view, offset + 12, 4)
  return new QuotedPacket(source, IpAddress.read(view, offset + 16, 4), protocol, ports)
}

/** RFC 8200 3. */
function readQuoted6(view: DataView, offset: number, end: number): QuotedPacket | undefined {
  if (offset + 40 > end) return undefined
  const { protocol, start } = skipExtensions(view, offset + 40, end, view.getUint8(offset + 6))
  const ports = start === undefined ? undefined : readPorts(view, start, end, protocol)
  const source = IpAddress.read(view, offset + 8, 6)
  return new QuotedPacket(source, IpAddress.read(view, offset + 24, 6), protocol, ports)
}

interface Upper {
  readonly protocol: number
  /** Where its header stands; `undefined` when it is not in the quotation. */
  readonly start: number | undefined
}

/** RFC 8200 4: at most eight extension headers are followed. */
function skipExtensions(view: DataView, start: number, end: number, next: number): Upper {
  let [protocol, at] = [next, start]
  for (let count = 0; count < 8; count++) {
    if (!isExtension(protocol)) return { protocol, start: at }
    if (at + 8 > end) break
    if (protocol === ipProtocol.fragment && (view.getUint16(at + 2) & 0xfff8) !== 0) {
      return { protocol: view.getUint8(at), start: undefined }
    }
    const size = extensionSize(protocol, view.getUint8(at + 1))
    protocol = view.getUint8(at)
    at += size
  }
  return { protocol, start: undefined }
}

function isExtension(protocol: number): boolean {
  return (
    protocol === ipProtocol.hopByHop ||
    protocol === ipProtocol.routing ||
    protocol === ipProtocol.fragment ||
    protocol === ipProtocol.authentication ||
    protocol === ipProtocol.destination
  )
}

function extensionSize(protocol: number, length: number): number {
  if (protocol === ipProtocol.fragment) return 8
  // RFC 4302 2.2: the length of AH counts in words of four bytes, less two.
  return protocol === ipProtocol.authentication ? (length + 2) * 4 : (length + 1) * 8
}

function readPorts(
  view: DataView,
  at: number,
  end: number,
  protocol: number,
): readonly [number, number] | undefined {
  if (protocol === ipProtocol.icmp || protocol === ipProtocol.icmp6) {
    if (at + 2 > end) return undefined
    const type = view.getUint8(at)
    return [type, answeringType(protocol, type) ?? view.getUint8(at + 1)]
  }
  if (!hasPorts(protocol)) return [0, 0]
  return at + 4 > end ? undefined : [view.getUint16(at), view.getUint16(at + 2)]
}
