import { type Kind, kinds } from './kind.ts'

const common = `@timestamp ecs.version event.kind event.category event.module event.dataset event.type event.action
observer.ingress.interface.name observer.egress.interface.name observer.name observer.hostname observer.type
observer.product observer.vendor observer.version source.mac source.ip destination.mac destination.ip
network.direction network.vlan.id network.inner.vlan.id related.ip related.hosts orthrus.tunnel.kind
orthrus.tunnel.id orthrus.tunnel.outer.source orthrus.tunnel.outer.destination source.as.number
source.as.organization.name source.geo.country_iso_code destination.as.number
destination.as.organization.name destination.geo.country_iso_code orthrus.source.device
orthrus.destination.device`

const ip = `source.port destination.port network.type network.transport network.iana_number
network.protocol network.community_id`

const tls = `tls.client.server_name tls.client.ja3 tls.client.supported_ciphers tls.version
tls.version_protocol tls.cipher tls.curve tls.next_protocol tls.resumed tls.server.ja3s orthrus.tls.ja4
orthrus.tls.ja4_r orthrus.tls.alpn orthrus.tls.versions orthrus.tls.groups orthrus.tls.key_shares
orthrus.tls.ech orthrus.tls.grease orthrus.tls.psk orthrus.tls.early_data orthrus.tls.session_ticket
orthrus.tls.extended_master_secret orthrus.tls.compression orthrus.tls.cut orthrus.tls.malformed
orthrus.tls.excess orthrus.tls.hello_retry`

const certificate = ['subject', 'issuer']
  .flatMap(name =>
    [
      'distinguished_name',
      'common_name',
      'country',
      'locality',
      'organization',
      'organizational_unit',
      'state_or_province',
    ].map(part => `tls.server.x509.${name}.${part}`),
  )
  .join(' ')

/** Fields of each kind of event besides the common ones: EVENTS in words that a program reads. */
const own: Readonly<Record<Kind, string>> = {
  flow: `${ip} source.bytes source.packets destination.bytes destination.packets network.bytes
    network.packets event.start event.end event.duration destination.domain
    destination.registered_domain destination.subdomain destination.top_level_domain
    orthrus.destination.domain_source orthrus.flow.state orthrus.flow.history
    orthrus.flow.source_payload_bytes orthrus.flow.destination_payload_bytes orthrus.tcp.flags`,
  dns: `${ip} dns.type dns.id dns.op_code dns.header_flags dns.response_code dns.question.name
    dns.question.type dns.question.class dns.question.registered_domain dns.question.subdomain
    dns.question.top_level_domain dns.answers dns.answers.name dns.answers.type dns.answers.class
    dns.answers.ttl dns.answers.data dns.resolved_ip orthrus.dns.z orthrus.dns.rtt orthrus.dns.cut
    orthrus.dns.netbios_suffix`,
  tls: `${ip} ${tls} ${certificate} tls.established tls.server.subject tls.server.issuer
    tls.server.not_before tls.server.not_after tls.server.hash.sha1 tls.server.hash.sha256
    tls.server.x509.alternative_names tls.server.x509.serial_number tls.server.x509.version_number
    tls.server.x509.not_before tls.server.x509.not_after tls.server.x509.public_key_algorithm
    tls.server.x509.public_key_size tls.server.x509.public_key_curve
    tls.server.x509.public_key_exponent tls.server.x509.signature_algorithm
    orthrus.tls.alert.level orthrus.tls.alert.description orthrus.tls.alert.sender
    orthrus.tls.certificates orthrus.tls.self_signed orthrus.tls.certificate_malformed
    orthrus.tls.certificate_expired`,
  quic: `${ip} ${tls} orthrus.quic.version orthrus.quic.retry orthrus.quic.offered_versions
    user_agent.original`,
  http: `${ip} http.request.method http.version http.request.referrer http.request.mime_type
    http.request.body.bytes http.response.status_code http.response.mime_type
    http.response.body.bytes url.original url.scheme url.domain url.port url.path url.query
    url.fragment url.extension url.full user_agent.original orthrus.http.header_names
    orthrus.http.cut`,
  ssh: `${ip} orthrus.ssh.client orthrus.ssh.server orthrus.ssh.hassh orthrus.ssh.hassh_server
    orthrus.ssh.cut`,
  dhcp: `${ip} client.mac client.ip orthrus.dhcp.requested_ip orthrus.dhcp.server_ip
    orthrus.dhcp.relay_ip orthrus.dhcp.hostname orthrus.dhcp.fqdn orthrus.dhcp.vendor_class
    orthrus.dhcp.user_class orthrus.dhcp.client_id orthrus.dhcp.server_id
    orthrus.dhcp.parameter_list orthrus.dhcp.lease_time orthrus.dhcp.transaction_id
    orthrus.dhcp.message orthrus.dhcp.cut orthrus.dhcp.servers orthrus.dhcp.addresses
    orthrus.dhcp.prefixes`,
  arp: 'orthrus.arp.opcode orthrus.arp.ethernet_source',
  ndp: `${ip} orthrus.ndp.ethernet_source orthrus.ndp.flags orthrus.ndp.redirected
    orthrus.ndp.router_lifetime orthrus.ndp.mtu orthrus.ndp.prefixes orthrus.ndp.name_servers`,
  icmp: `${ip} orthrus.icmp.type orthrus.icmp.code orthrus.icmp.id orthrus.icmp.payload_bytes
    orthrus.icmp.gateway orthrus.icmp.quoted.transport orthrus.icmp.quoted.community_id
    orthrus.icmp.quoted.source.ip orthrus.icmp.quoted.source.port
    orthrus.icmp.quoted.destination.ip orthrus.icmp.quoted.destination.port`,
  device: `device.id device.manufacturer orthrus.device.hostnames orthrus.device.first_seen
    orthrus.device.randomised_mac orthrus.device.evidence orthrus.device.learning
    orthrus.device.self orthrus.device.crowd orthrus.device.roles orthrus.device.tags orthrus.device.change
    orthrus.device.identity.score orthrus.device.identity.evidence orthrus.device.identity.macs
    orthrus.device.identity.candidates orthrus.device.apart_from orthrus.device.previous.id
    orthrus.device.previous.mac orthrus.device.previous.name orthrus.device.previous.manufacturer
    orthrus.device.previous.last_seen orthrus.device.failover orthrus.device.name
    orthrus.device.previous_name orthrus.device.silence_seconds orthrus.device.ethernet_source`,
  signal: `${ip} orthrus.signal.id orthrus.signal.detector orthrus.signal.name orthrus.signal.score orthrus.signal.entity orthrus.signal.evidence`,
  sensor: 'message error.message',
}

/** Below these names anything may come. */
const open: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  signal: ['orthrus.signal.evidence.', 'dns.', 'tls.', 'http.', 'url.', 'orthrus.'],
  device: ['orthrus.device.', 'device.', 'host.'],
  sensor: ['orthrus.', 'observer.', 'metrics.'],
}

const produced = new Map(
  kinds.map(kind => [kind, new Set(`${common} ${own[kind]}`.trim().split(/\s+/))]),
)

/** Whether events of that kind can have the field. */
export function isProduced(kind: Kind, field: string): boolean {
  if (produced.get(kind)?.has(field)) return true
  return open[kind]?.some(start => field.startsWith(start)) ?? false
}

/** The fields of a kind, for documentation and messages. */
export function fieldsOf(kind: Kind): readonly string[] {
  return [...(produced.get(kind) ?? [])].sort()
}

/** Where keywords look, for kinds in which the rest is no text of the traffic. */
export const keywordFields: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  http: ['url.original', 'user_agent.original', 'http.request.referrer'],
}
