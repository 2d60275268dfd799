import { domainParts } from '../../protocols/dns-ecs.ts'
import { type DnsEvent } from '../../protocols/dns-events.ts'
import {
  nbnsOpCodeName,
  nbnsTypeName,
  opCodeName,
  responseCodeName,
  typeName,
} from '../../protocols/dns-types.ts'
import { type SlotTable } from './context.ts'

/** Fields that most DNS rules read; the rest comes from the document. */
export const dnsSlots: SlotTable<DnsEvent> = {
  'event.action':
    () =>
    ({ message }) =>
      message.isResponse ? 'dns-answer' : 'dns-query',
  'network.protocol':
    () =>
    ({ message }) =>
      message.dialect,
  'dns.type':
    () =>
    ({ message }) =>
      message.isResponse ? 'answer' : 'query',
  'dns.id':
    () =>
    ({ message }) =>
      String(message.id),
  'dns.op_code':
    () =>
    ({ message }) =>
      (message.dialect === 'nbns' ? nbnsOpCodeName : opCodeName)(message.opCode),
  'dns.question.name':
    () =>
    ({ asked }) =>
      asked?.name,
  'dns.question.type':
    () =>
    ({ message, asked }) => {
      const type = asked?.type
      if (type === undefined) return undefined
      return message.dialect === 'nbns' ? nbnsTypeName(type) : typeName(type)
    },
  'dns.question.registered_domain': () => event => parts(event)?.registered_domain,
  'dns.question.subdomain': () => event => parts(event)?.subdomain,
  'dns.question.top_level_domain': () => event => parts(event)?.top_level_domain,
  'dns.response_code':
    () =>
    ({ message }) =>
      message.isResponse ? responseCodeName(message.responseCode) : undefined,
  'dns.header_flags':
    () =>
    ({ message }) =>
      filled(message.headerFlags),
  'dns.resolved_ip':
    () =>
    ({ message }) =>
      message.isResponse ? filled([...new Set(message.resolvedIps)]) : undefined,
  'orthrus.dns.z':
    () =>
    ({ message }) =>
      message.z,
  'orthrus.dns.rtt':
    () =>
    ({ rtt }) =>
      rtt,
}

function parts({ message, asked }: DnsEvent) {
  const name = asked?.name
  return name === undefined || message.dialect === 'nbns' ? undefined : domainParts(name)
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}
