import { isIPv6, SocketAddress } from 'node:net'
import { type Interface } from './interfaces.ts'

/**
 * The networks that the given interfaces are on, as CIDR, each once: what is at home when the
 * configuration does not say. Loopback and link-local prefixes are left out: they are local anyway.
 */
export function homeNetworks(interfaces: readonly Interface[]): string[] {
  const networks = interfaces
    .filter(({ loopback }) => !loopback)
    .flatMap(({ addresses }) => addresses)
    .filter(cidr => !/^(169\.254\.|fe[89ab]|127\.|::1\/)/i.test(cidr))
    .map(networkOf)
  return [...new Set(networks)].sort()
}

/** `192.0.2.7/24` → `192.0.2.0/24`; `2001:db8::7/64` → `2001:db8::/64`. */
export function networkOf(cidr: string): string {
  const [address = '', length = '0'] = cidr.split('/')
  const bits = Number(length)
  if (!isIPv6(address)) {
    const bytes = address.split('.').map((byte, i) => Number(byte) & mask(bits - 8 * i, 8))
    return `${bytes.join('.')}/${bits}`
  }
  const words = ipv6Words(address).map((word, i) => word & mask(bits - 16 * i, 16))
  const text = words.map(word => word.toString(16)).join(':')
  return `${new SocketAddress({ family: 'ipv6', address: text }).address}/${bits}`
}

/** The top `bits` of a number of `width` bits. */
function mask(bits: number, width: number): number {
  const kept = Math.min(Math.max(bits, 0), width)
  return (2 ** width - 1) & ~(2 ** (width - kept) - 1)
}

/** RFC 4291 2.2: eight groups; `::` stands for as many zeroes as are missing. */
function ipv6Words(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const left = groups(head)
  if (tail === undefined) return left
  const right = groups(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}
