import { networkInterfaces } from 'node:os'
import { attributes, attributeText, type Netlink, openNetlink } from './netlink.ts'

export interface Interface {
  readonly name: string
  readonly index: number
  /** Administratively up (IFF_UP). */
  readonly up: boolean
  /** l2: frames begin with an Ethernet header; l3: with the IP header; other: we cannot read them. */
  readonly link: 'l2' | 'l3' | 'other'
  /** ARPHRD_* number. */
  readonly type: number
  /** Kind of a virtual device (`veth`, `bridge`, `wireguard`, …); '' for hardware and loopback. */
  readonly kind: string
  readonly loopback: boolean
  /** `02:00:00:00:00:01`, or '' for a device without. */
  readonly mac: string
  readonly mtu: number
  /** With prefix length: `192.0.2.7/24`; only of interfaces that are up. */
  readonly addresses: readonly string[]
}

const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const IFINFOMSG = 16 // u8 family, u8 pad, u16 type, i32 index, u32 flags, u32 change
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFF_UP = 1
const IFF_LOOPBACK = 8

// include/uapi/linux/if_arp.h
const ETHERNET_FRAMED = new Set([1, 772]) // ETHER, LOOPBACK
const IP_ONLY = new Set([
  65534, // NONE: tun, wireguard
  65533, // ARPHRD_VOID
  512, // PPP
  519, // RAWIP
  768, // TUNNEL: ipip
  769, // TUNNEL6
  776, // SIT
  778, // IPGRE
  823, // IP6GRE
])

/** The interfaces of this process's network namespace, by index; asks the kernel by netlink. */
export function listInterfaces(netlink?: Netlink): Interface[] {
  const socket = netlink ?? openNetlink()
  try {
    const addresses = addressesByName()
    return socket
      .dump(RTM_GETLINK, new Uint8Array(IFINFOMSG))
      .filter(({ type, body }) => type === RTM_NEWLINK && body.byteLength >= IFINFOMSG)
      .map(({ body }) => readLink(body, addresses))
      .sort((a, b) => a.index - b.index)
  } finally {
    if (netlink === undefined) socket.close()
  }
}

function readLink(body: DataView, addresses: Map<string, string[]>): Interface {
  const found = attributes(body, IFINFOMSG)
  const flags = body.getUint32(8, true)
  const type = body.getUint16(2, true)
  const name = attributeText(found.get(IFLA_IFNAME))
  const info = found.get(IFLA_LINKINFO)
  return {
    name,
    index: body.getInt32(4, true),
    up: (flags & IFF_UP) !== 0,
    link: linkOf(type),
    type,
    kind: info === undefined ? '' : attributeText(attributes(info, 0).get(IFLA_INFO_KIND)),
    loopback: (flags & IFF_LOOPBACK) !== 0,
    mac: macText(found.get(IFLA_ADDRESS)),
    mtu: found.get(IFLA_MTU)?.getUint32(0, true) ?? 0,
    addresses: addresses.get(name) ?? [],
  }
}

function linkOf(type: number): Interface['link'] {
  if (ETHERNET_FRAMED.has(type)) return 'l2'
  return IP_ONLY.has(type) ? 'l3' : 'other'
}

function macText(address: DataView | undefined): string {
  if (address?.byteLength !== 6) return ''
  const bytes = Buffer.from(address.buffer, address.byteOffset, 6)
  return (bytes.toString('hex').match(/../g) ?? []).join(':')
}

/** getifaddrs(3): also of this namespace. An address with a label is listed as `eth0:label`. */
function addressesByName(): Map<string, string[]> {
  const byName = new Map<string, string[]>()
  for (const [label, list] of Object.entries(networkInterfaces())) {
    const name = label.replace(/:.*$/, '')
    const cidrs = (list ?? []).flatMap(({ cidr }) => (cidr === null ? [] : [cidr]))
    byName.set(name, [...(byName.get(name) ?? []), ...cidrs])
  }
  return byName
}
