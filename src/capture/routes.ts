import { readFileSync } from 'node:fs'
import { SocketAddress } from 'node:net'

export interface DefaultRoute {
  readonly family: 4 | 6
  /** Name of the interface that it leaves by. */
  readonly interface: string
  /** Address of the router; '' on a point-to-point link. */
  readonly gateway: string
  readonly metric: number
}

const RTF_UP = 1
const RTF_REJECT = 0x200

/**
 * The default routes of the main table, best first (IPv4 before IPv6, then by metric). /proc/thread-self/net is
 * the reading process's own namespace, whatever is mounted on /sys.
 */
export function defaultRoutes(): DefaultRoute[] {
  const routes = [
    ...readTable('/proc/thread-self/net/route').flatMap(readIpv4),
    ...readTable('/proc/thread-self/net/ipv6_route').flatMap(readIpv6),
  ]
  return routes.sort((a, b) => a.family - b.family || a.metric - b.metric)
}

// The file is absent when the kernel has no IPv6: then there is no route of that kind.
function readTable(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map(line => line.trim().split(/\s+/))
  } catch {
    return []
  }
}

/** Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses as host-order hexadecimal. */
function readIpv4(fields: string[]): DefaultRoute[] {
  const [name = '', destination, gateway = '', flags = '', , , metric, mask] = fields
  if (destination !== '00000000' || mask !== '00000000' || !usable(flags)) return []
  const bytes = (gateway.match(/../g) ?? []).reverse().map(byte => Number.parseInt(byte, 16))
  const address = bytes.every(byte => byte === 0) ? '' : bytes.join('.')
  return [{ family: 4, interface: name, gateway: address, metric: Number(metric) }]
}

/** destination plen source plen next-hop metric refcnt use flags device, all hexadecimal. */
function readIpv6(fields: string[]): DefaultRoute[] {
  const [destination = '', length, , , hop = '', metric = '', , , flags = '', name = ''] = fields
  if (!/^0{32}$/.test(destination) || length !== '00' || name === 'lo' || !usable(flags)) return []
  const address = /^0*$/.test(hop) ? '' : ipv6Text(hop)
  return [{ family: 6, interface: name, gateway: address, metric: Number.parseInt(metric, 16) }]
}

function usable(flags: string): boolean {
  const bits = Number.parseInt(flags, 16)
  return (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0
}

function ipv6Text(hex: string): string {
  const address = (hex.match(/.{4}/g) ?? []).join(':')
  return new SocketAddress({ family: 'ipv6', address }).address
}
