import { type Kind } from './kind.ts'

/** Logsources that a kind of event stands for. A dimension left out is any; listed ones are all there are. */
export interface KindSource {
  readonly kinds: readonly Kind[]
  readonly category?: readonly string[]
  readonly product?: readonly string[]
  readonly service?: readonly string[]
}

const ours = ['orthrus']
const network = ['network']

/** The logsources of Sigma, Zeek and of our own rules, and the events that carry what they speak of. */
export const kindSources: readonly KindSource[] = [
  { kinds: ['flow'], category: ['firewall', 'network_connection', 'connection', 'flow'] },
  { kinds: ['dns'], category: ['dns', 'dns_query'] },
  { kinds: ['http'], category: ['proxy', 'webserver', 'web', 'http'] },
  // A host name is all that some proxy rules look at, and TLS shows that too.
  { kinds: ['tls', 'quic'], category: ['proxy', 'tls'] },
  {
    kinds: ['flow'],
    category: network,
    product: ours,
    service: ['connection', 'flow', 'firewall'],
  },
  { kinds: ['dns'], category: network, product: ours, service: ['dns'] },
  { kinds: ['tls', 'quic'], category: network, product: ours, service: ['tls', 'ssl', 'x509'] },
  { kinds: ['quic'], category: network, product: ours, service: ['quic'] },
  { kinds: ['http'], category: network, product: ours, service: ['http'] },
  { kinds: ['ssh'], category: network, product: ours, service: ['ssh'] },
  { kinds: ['dhcp'], category: network, product: ours, service: ['dhcp'] },
  { kinds: ['arp'], category: network, product: ours, service: ['arp'] },
  { kinds: ['ndp'], category: network, product: ours, service: ['ndp'] },
  { kinds: ['icmp'], category: network, product: ours, service: ['icmp'] },
  { kinds: ['device'], category: network, product: ours, service: ['device'] },
  { kinds: ['signal'], category: network, product: ours, service: ['signal'] },
  { kinds: ['sensor'], category: network, product: ours, service: ['sensor'] },
  { kinds: ['flow'], category: network, product: ['zeek'], service: ['conn'] },
  { kinds: ['dns'], category: network, product: ['zeek'], service: ['dns'] },
  { kinds: ['http'], category: network, product: ['zeek'], service: ['http'] },
  { kinds: ['tls', 'quic'], category: network, product: ['zeek'], service: ['ssl', 'x509'] },
  { kinds: ['quic'], category: network, product: ['zeek'], service: ['quic'] },
  { kinds: ['ssh'], category: network, product: ['zeek'], service: ['ssh'] },
  { kinds: ['dhcp'], category: network, product: ['zeek'], service: ['dhcp'] },
  {
    kinds: ['dns'],
    category: [],
    product: ['windows'],
    service: ['dns-client', 'dns-server', 'dns-server-analytic'],
  },
]
