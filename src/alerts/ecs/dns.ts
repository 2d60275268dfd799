import { dnsFields } from '../../protocols/dns-ecs.ts'
import { type DnsEvent } from '../../protocols/dns-events.ts'
import { ipFields, relatedIps } from './common.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.dns`: one message, shown by one of its questions. */
export function dnsDocument({ packet, message, question: index, rtt }: DnsEvent): Fields {
  const fields = dnsFields(message, index, rtt)
  const { question, answers, resolved_ip: resolved } = fields.dns
  const names = [question?.name, ...(answers ?? []).map(answer => answer.name)]
  return joinFields(ipFields(packet), {
    event: { action: `dns-${fields.dns.type}`, type: ['protocol', 'info'] },
    network: { protocol: message.dialect },
    related: { ip: relatedIps(resolved ?? []), hosts: knownHosts(names) },
    ...(fields as unknown as Fields),
  })
}

/** Names, each once, for `related.hosts`. */
export function knownHosts(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.filter(name => name !== undefined && name !== ''))] as string[]
}
