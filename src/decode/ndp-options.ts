import { IpAddress } from './address.ts'
import { MacAddress } from './mac.ts'

/** RFC 4861 4.6.2: a prefix of the link, with its lifetimes in seconds (0xffffffff for ever). */
export interface NdpPrefix {
  readonly address: IpAddress
  readonly length: number
  readonly onLink: boolean
  readonly autonomous: boolean
  readonly validLifetime: number
  readonly preferredLifetime: number
}

export interface NdpOptions {
  readonly sourceMac: MacAddress | undefined
  readonly targetMac: MacAddress | undefined
  readonly mtu: number | undefined
  readonly prefixes: readonly NdpPrefix[]
  /** RFC 8106 5.1: recursive name servers that a router offers. */
  readonly nameServers: readonly IpAddress[]
}

/** Bounds against a message made of options only. */
const mostOptions = 32
const mostEntries = 16

interface Found {
  sourceMac: MacAddress | undefined
  targetMac: MacAddress | undefined
  mtu: number | undefined
  prefixes: NdpPrefix[]
  nameServers: IpAddress[]
}

type Reader = (found: Found, view: DataView, offset: number, size: number) => void

/** By option type; a reader gets the whole option, `size` bytes with type and length. */
const readers = new Map<number, Reader>([
  [1, (found, view, at, size) => setMac(found, 'sourceMac', view, at, size)],
  [2, (found, view, at, size) => setMac(found, 'targetMac', view, at, size)],
  [3, readPrefix],
  [5, readMtu],
  [25, readNameServers],
])

/** The options between two offsets of `view` (RFC 4861 4.6). A broken option ends the list. */
export function readNdpOptions(view: DataView, start: number, end: number): NdpOptions {
  const found: Found = {
    sourceMac: undefined,
    targetMac: undefined,
    mtu: undefined,
    prefixes: [],
    nameServers: [],
  }
  let at = start
  for (let count = 0; count < mostOptions && at + 8 <= end; count++) {
    const size = view.getUint8(at + 1) * 8
    if (size === 0 || at + size > end) break
    readers.get(view.getUint8(at))?.(found, view, at, size)
    at += size
  }
  return found
}

function setMac(
  found: Found,
  name: 'sourceMac' | 'targetMac',
  view: DataView,
  at: number,
  size: number,
): void {
  // Longer link-layer addresses (InfiniBand) are not MACs.
  if (size === 8) found[name] ??= MacAddress.read(view, at + 2)
}

function readPrefix(found: Found, view: DataView, at: number, size: number): void {
  const length = view.getUint8(at + 2)
  if (size !== 32 || length > 128 || found.prefixes.length >= mostEntries) return
  const flags = view.getUint8(at + 3)
  found.prefixes.push({
    address: IpAddress.read(view, at + 16, 6),
    length,
    onLink: (flags & 0x80) !== 0,
    autonomous: (flags & 0x40) !== 0,
    validLifetime: view.getUint32(at + 4),
    preferredLifetime: view.getUint32(at + 8),
  })
}

function readMtu(found: Found, view: DataView, at: number, size: number): void {
  if (size === 8) found.mtu ??= view.getUint32(at + 4)
}

function readNameServers(found: Found, view: DataView, at: number, size: number): void {
  for (let entry = at + 8; entry + 16 <= at + size; entry += 16) {
    if (found.nameServers.length >= mostEntries) return
    found.nameServers.push(IpAddress.read(view, entry, 6))
  }
}
