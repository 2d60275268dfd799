import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { refusedAddress } from '../network-error.ts'

export interface AddressRules {
  /** Loopback and private networks are fine. */
  readonly allowPrivate: boolean
}

const never = blockList([
  '0.0.0.0/8', // RFC 1122: this network; Linux takes 0.0.0.0 for loopback
  '169.254.0.0/16', // RFC 3927: link-local, and the metadata services of the clouds
  '100.100.100.200/32', // Alibaba's metadata service
  '168.63.129.16/32', // Azure's
  '192.0.0.192/32', // Oracle's
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // RFC 1112: reserved, and the broadcast address
  '::/128',
  'fe80::/10',
  'fd00:ec2::254/128', // Amazon's metadata service
  'fd20:ce::254/128', // Google's
  'ff00::/8',
])

const ours = blockList([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10', // RFC 6598: behind a carrier's NAT
  '192.0.0.0/24',
  '198.18.0.0/15', // RFC 2544: benchmarks
  '::1/128',
  'fc00::/7',
  'fec0::/10',
])

/** Why no alert goes to this IP address (as Node or a URL writes it), or undefined when one may. */
export function addressFault(text: string, rules: AddressRules): string | undefined {
  const address = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const faults = [address, ...embedded(address)].map(one => plainFault(one, rules))
  return faults.find(fault => fault !== undefined)
}

function plainFault(address: string, { allowPrivate }: AddressRules): string | undefined {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (never.check(address, family)) {
    return `\`${address}\` is link-local, multicast, reserved or a metadata service`
  }
  if (!allowPrivate && ours.check(address, family)) {
    return `\`${address}\` is loopback or private; \`allow_private: true\` allows it`
  }
  return undefined
}

/** The IPv4 address inside an IPv6 address: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embedded(address: string): string[] {
  if (isIP(address) !== 6) return []
  const words = wordsOf(address)
  const at = (index: number) => words[index] ?? 0
  const leading = (count: number) => words.slice(0, count).every(word => word === 0)
  const last = dotted(at(6), at(7))
  if (leading(5) && at(5) === 0xffff) return [last]
  if (leading(4) && at(4) === 0xffff && at(5) === 0) return [last]
  if (leading(6) && (at(6) !== 0 || at(7) > 1)) return [last]
  if (at(0) === 0x64 && at(1) === 0xff9b) return [last]
  return at(0) === 0x2002 ? [dotted(at(1), at(2))] : []
}

/** The eight words of an IPv6 address; the URL parser writes any spelling in one way. */
function wordsOf(address: string): number[] {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const part = (some: string) =>
    some === '' ? [] : some.split(':').map(word => parseInt(word, 16))
  if (tail === undefined) return part(head)
  const [before, after] = [part(head), part(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

type Resolver = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Name resolution that gives only addresses that may be connected to. What it checks is what the
 * socket uses, so a name that answers differently the second time gains nothing.
 */
export function guardedLookup(rules: AddressRules, resolve: Resolver = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const faults = found.map(({ address }) => addressFault(address, rules))
      const good = found.filter((_, index) => faults[index] === undefined)
      const [first] = good
      if (first === undefined) {
        const why = faults.find(fault => fault !== undefined) ?? 'no address'
        return callback(refusal(`\`${hostname}\` may not be used: ${why}`), [])
      }
      if (options.all === true) return callback(null, good)
      return callback(null, first.address, first.family)
    })
  }
}

export function refusal(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: refusedAddress })
}
