import { isIP } from 'node:net'
import { readPath } from '../rules/slots/object.ts'
import { type Fields } from './ecs/document.ts'

/** Where documents name addresses, hosts, hashes and users (ECS 9.4: one place to search them all). */
const places = {
  ip: `source.ip destination.ip client.ip server.ip dns.resolved_ip orthrus.dhcp.requested_ip
    orthrus.dhcp.server_ip orthrus.dhcp.relay_ip orthrus.icmp.gateway orthrus.tunnel.outer.source
    orthrus.tunnel.outer.destination`,
  hosts: `destination.domain source.domain url.domain dns.question.name tls.client.server_name
    orthrus.dhcp.hostname orthrus.dhcp.fqdn tls.server.x509.alternative_names`,
  hash: `tls.client.ja3 tls.server.ja3s tls.server.hash.sha256 orthrus.tls.ja4 orthrus.ssh.hassh
    orthrus.ssh.hassh_server`,
  user: 'url.username user.name',
} as const

/** Nobody's addresses. */
const nobody = new Set(['0.0.0.0', '::'])
const most = 64

/** `related.*` of an alert: everything in its document that an analyst may search it by. */
export function relatedFields(document: Fields): Fields {
  const lists = Object.entries(places).map(([name, paths]): [string, string[]] => {
    const values = paths.split(/\s+/).flatMap(path => texts(readPath(document, path)))
    return [name, [...new Set(values)].slice(0, most)]
  })
  const related = Object.fromEntries(lists)
  const told = signalAddresses(document)
  if (told.length === 0) return { related }
  return {
    related: { ...related, ip: [...new Set([...(related['ip'] ?? []), ...told])].slice(0, most) },
  }
}

/** Addresses that a detector names: whom it is about, and those that convinced it. */
function signalAddresses(document: Fields): string[] {
  const entity = texts(readPath(document, 'orthrus.signal.entity'))
  const evidence = readPath(document, 'orthrus.signal.evidence')
  const facts = typeof evidence === 'object' && evidence !== null ? Object.values(evidence) : []
  return [...entity, ...facts.flatMap(texts)].filter(text => isIP(text) !== 0)
}

function texts(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.filter(one => typeof one === 'string' && one !== '' && !nobody.has(one)) as string[]
}
