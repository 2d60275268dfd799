import { ipv4, ipv6 } from './address.ts'
import { Cursor } from './cursor.ts'

const MAX_OPTIONS = 16

/** What an OPT record says (RFC 6891 6.1.3). */
export interface Edns {
  readonly udpSize: number
  readonly version: number
  readonly dnssecOk: boolean
  /** Upper eight bits of the response code. */
  readonly rcodeHigh: number
  /** Option codes in order, the first 16. */
  readonly options: readonly number[]
  /** The client's network as its resolver tells it, `192.0.2.0/24` (RFC 7871). */
  readonly clientSubnet?: string
  /** Extended error (RFC 8914). */
  readonly extendedError?: number
}

/** An OPT record: its class and TTL fields are not what they are elsewhere. */
export function decodeEdns(
  bytes: Uint8Array,
  udpSize: number,
  ttl: number,
  start: number,
  end: number,
): Edns {
  const input = new Cursor(bytes, start, end)
  const options: number[] = []
  const found: { clientSubnet?: string; extendedError?: number } = {}
  while (input.left >= 4 && options.length < MAX_OPTIONS) {
    const code = input.u16()
    const length = input.u16()
    const from = input.take(length)
    if (input.bad) break
    options.push(code)
    if (code === 8) addSubnet(found, bytes, from, length)
    if (code === 15 && length >= 2) found.extendedError = new Cursor(bytes, from, end).u16()
  }
  return {
    udpSize,
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (ttl & 0x8000) !== 0,
    rcodeHigh: ttl >>> 24,
    options,
    ...found,
  }
}

// RFC 7871 6: family, source prefix, scope prefix, as many octets as the prefix needs
function addSubnet(
  found: { clientSubnet?: string },
  bytes: Uint8Array,
  at: number,
  length: number,
): void {
  const family = bytes[at + 1] ?? 0
  const prefix = bytes[at + 2] ?? 0
  const octets = length - 4
  const size = family === 1 ? 4 : 16
  if ((family !== 1 && family !== 2) || octets < 0 || octets > size || prefix > size * 8) return
  const address = new Uint8Array(size)
  address.set(bytes.subarray(at + 4, at + 4 + octets))
  found.clientSubnet = `${family === 1 ? ipv4(address, 0) : ipv6(address, 0)}/${prefix}`
}
