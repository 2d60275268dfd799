/** IP protocol numbers that the decoder treats by name. */
export const ipProtocol = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  authentication: 51,
  icmp6: 58,
  destination: 60,
  sctp: 132,
} as const

const transports = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipv4'],
  [6, 'tcp'],
  [8, 'egp'],
  [17, 'udp'],
  [27, 'rdp'],
  [33, 'dccp'],
  [41, 'ipv6'],
  [46, 'rsvp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [88, 'eigrp'],
  [89, 'ospfigp'],
  [94, 'ipip'],
  [97, 'etherip'],
  [103, 'pim'],
  [108, 'ipcomp'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [118, 'stp'],
  [124, 'isis'],
  [132, 'sctp'],
  [136, 'udplite'],
  [137, 'mpls-in-ip'],
])

/** The lower-case IANA keyword of an IP protocol number, if it is one of the usual. */
export function transportName(protocol: number): string | undefined {
  return transports.get(protocol)
}

/** Whether the record's ports are ports: TCP, UDP and SCTP. (ICMP's stand for type and code.) */
export function hasPorts(protocol: number): boolean {
  return protocol === ipProtocol.tcp || protocol === ipProtocol.udp || protocol === ipProtocol.sctp
}

/** Names by `enum l7`, as in `network.protocol`. */
const applications = [
  undefined,
  'dns',
  'mdns',
  'llmnr',
  'nbns',
  'tls',
  'http',
  'quic',
  'ssh',
  'dhcp',
  'dhcpv6',
] as const

/** `network.protocol` for an `enum l7`, `undefined` where the content is not known. */
export function applicationName(l7: number): string | undefined {
  return applications[l7]
}

/** Names by `enum tunnel`. */
const tunnels = [
  undefined,
  'ipip',
  'gre',
  'erspan',
  'pptp',
  'vxlan',
  'geneve',
  'gtp-u',
  'pppoe',
  'mpls',
  'teredo',
  'nvgre',
  'pbb',
  'fabricpath',
  'trill',
  'nsh',
  'l2tp',
  'etherip',
  'ayiya',
  'lisp',
  'tzsp',
  'capwap',
] as const

/** The name of an `enum tunnel`, `undefined` for none. */
export function tunnelName(tunnel: number): string | undefined {
  return tunnels[tunnel]
}
