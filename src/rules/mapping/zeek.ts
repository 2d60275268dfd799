import { type FieldMapping, flagOf, to } from './field-mapping.ts'
import { sigmaFields } from './sigma.ts'

const host = sigmaFields['cs-host'] ?? to('url.domain')

/** Fields of Zeek's logs. */
export const zeekFields: Readonly<Record<string, FieldMapping>> = {
  'id.orig_h': to('source.ip'),
  'id.orig_p': to('source.port'),
  'id.resp_h': to('destination.ip'),
  'id.resp_p': to('destination.port'),
  proto: to('network.transport'),
  service: to('network.protocol'),
  community_id: to('network.community_id'),

  // conn
  orig_bytes: to('source.bytes'),
  orig_ip_bytes: to('source.bytes'),
  orig_pkts: to('source.packets'),
  resp_bytes: to('destination.bytes'),
  resp_ip_bytes: to('destination.bytes'),
  resp_pkts: to('destination.packets'),
  duration: { to: ['event.duration'], factor: 1e9 },
  history: to('orthrus.flow.history'),
  conn_state: sigmaFields['network.state'] ?? to('orthrus.flow.state'),

  // dns
  qtype_name: to('dns.question.type'),
  qclass_name: to('dns.question.class'),
  rcode_name: to('dns.response_code'),
  trans_id: to('dns.id'),
  Z: to('orthrus.dns.z'),
  rejected: flagOf('dns.response_code', 'REFUSED'),
  AA: flagOf('dns.header_flags', 'AA'),
  TC: flagOf('dns.header_flags', 'TC'),
  RD: flagOf('dns.header_flags', 'RD'),
  RA: flagOf('dns.header_flags', 'RA'),

  // http
  uri: to('url.original'),
  host,
  method: to('http.request.method'),
  status_code: to('http.response.status_code'),
  user_agent: to('user_agent.original'),
  referrer: to('http.request.referrer'),
  orig_mime_types: to('http.request.mime_type'),
  resp_mime_types: to('http.response.mime_type'),
  request_body_len: to('http.request.body.bytes'),
  response_body_len: to('http.response.body.bytes'),
  client_header_names: to('orthrus.http.header_names'),

  // ssl and x509
  server_name: to('tls.client.server_name'),
  ja3: to('tls.client.ja3'),
  ja3s: to('tls.server.ja3s'),
  ja4: to('orthrus.tls.ja4'),
  cipher: to('tls.cipher'),
  curve: to('tls.curve'),
  next_protocol: to('tls.next_protocol'),
  established: to('tls.established'),
  resumed: to('tls.resumed'),
  subject: to('tls.server.subject'),
  issuer: to('tls.server.issuer'),
  version: {
    to: ['tls.version'],
    of: { http: ['http.version'] },
    values: {
      sslv3: { is: ['3.0'] },
      tlsv10: { is: ['1.0'] },
      tlsv11: { is: ['1.1'] },
      tlsv12: { is: ['1.2'] },
      tlsv13: { is: ['1.3'] },
    },
  },
  'certificate.serial': to('tls.server.x509.serial_number'),
  'certificate.subject': to('tls.server.subject'),
  'certificate.issuer': to('tls.server.issuer'),
  'certificate.not_valid_before': to('tls.server.not_before'),
  'certificate.not_valid_after': to('tls.server.not_after'),
  'certificate.sig_alg': to('tls.server.x509.signature_algorithm'),
  'certificate.key_length': to('tls.server.x509.public_key_size'),
  'san.dns': to('tls.server.x509.alternative_names'),

  // ssh
  client: to('orthrus.ssh.client'),
  server: to('orthrus.ssh.server'),
  hassh: to('orthrus.ssh.hassh'),
  hasshServer: to('orthrus.ssh.hassh_server'),

  // dhcp
  mac: to('client.mac'),
  assigned_addr: to('client.ip'),
  requested_addr: to('orthrus.dhcp.requested_ip'),
  host_name: to('orthrus.dhcp.hostname'),
  client_fqdn: to('orthrus.dhcp.fqdn'),
}
