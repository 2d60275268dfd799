import { type FieldMapping, flagOf, to } from './field-mapping.ts'

const host: FieldMapping = {
  to: ['url.domain'],
  of: { tls: ['tls.client.server_name'], quic: ['tls.client.server_name'] },
}

/** Fields of Sigma's own taxonomy: generic network, Sysmon, DNS, firewall, proxy, web server. */
export const sigmaFields: Readonly<Record<string, FieldMapping>> = {
  // DNS
  query: to('dns.question.name'),
  QueryName: to('dns.question.name'),
  QNAME: to('dns.question.name'),
  record_type: to('dns.question.type'),
  QueryType: to('dns.question.type'),
  answer: to('dns.answers.data', 'dns.resolved_ip'),
  answers: to('dns.answers.data', 'dns.resolved_ip'),
  QueryResults: to('dns.answers.data', 'dns.resolved_ip'),
  parent_domain: to('dns.question.registered_domain'),
  'dns.response.code': to('dns.response_code'),
  'dns.header.flags': to('dns.header_flags'),

  // addresses and ports
  DestinationIp: to('destination.ip'),
  dst_ip: to('destination.ip'),
  SourceIp: to('source.ip'),
  src_ip: to('source.ip'),
  'c-ip': to('source.ip'),
  's-ip': to('destination.ip'),
  DestinationPort: to('destination.port'),
  dst_port: to('destination.port'),
  's-port': to('destination.port'),
  SourcePort: to('source.port'),
  src_port: to('source.port'),
  DestinationHostname: to('destination.domain'),
  dst_host: to('destination.domain'),
  Protocol: to('network.transport'),
  Initiated: {
    to: ['network.direction'],
    values: { true: { is: ['outbound', 'internal'] }, false: { is: ['inbound', 'external'] } },
  },
  SourceIsIpv6: flagOf('network.type', 'ipv6'),
  DestinationIsIpv6: flagOf('network.type', 'ipv6'),
  // Sigma counts a duration in seconds, ECS in nanoseconds.
  'event.duration': { to: ['event.duration'], factor: 1e9 },
  'network.history': to('orthrus.flow.history'),
  'network.state': {
    to: ['orthrus.flow.state'],
    values: {
      s0: { is: ['attempt'] },
      s1: { is: ['established'] },
      s2: { is: ['established'] },
      s3: { is: ['established'] },
      sf: { is: ['closed'] },
      rej: { is: ['rejected'] },
      rsto: { is: ['reset'] },
      rstr: { is: ['reset'] },
    },
  },

  // HTTP: what rules look for in `cs-uri-query` is the request target, path and all.
  'c-uri': to('url.full', 'url.original'),
  'cs-uri': to('url.full', 'url.original'),
  'cs-uri-query': to('url.original'),
  'c-uri-query': to('url.original', 'url.query'),
  'cs-uri-stem': to('url.path'),
  'c-uri-stem': to('url.path'),
  'c-uri-extension': to('url.extension'),
  'cs-method': to('http.request.method'),
  'sc-status': to('http.response.status_code'),
  'c-useragent': to('user_agent.original'),
  'cs-user-agent': to('user_agent.original'),
  'cs-host': host,
  'r-dns': host,
  'cs-referer': to('http.request.referrer'),
  'cs-referrer': to('http.request.referrer'),
  'cs-cookie': to('http.request.cookie'),
  'cs-content-type': to('http.request.mime_type'),
  'sc-content-type': to('http.response.mime_type'),
  'cs-bytes': to('http.request.body.bytes'),
  'sc-bytes': to('http.response.body.bytes'),
  'cs-version': to('http.version'),
}
