import { parse } from 'tldts'
import { type DnsMessage } from './dns.ts'
import { type DnsRecord } from './dns-record.ts'
import {
  className,
  nbnsOpCodeName,
  nbnsTypeName,
  opCodeName,
  responseCodeName,
  typeName,
} from './dns-types.ts'
import { netbiosSuffix } from './nbns.ts'

/** ECS parts of a name by the public suffix list. */
export interface DomainParts {
  readonly registered_domain?: string
  readonly subdomain?: string
  readonly top_level_domain?: string
}

export interface DnsQuestionFields extends DomainParts {
  readonly name?: string
  readonly type: string
  readonly class: string
}

export interface DnsAnswerFields {
  readonly name?: string
  readonly type: string
  readonly class: string
  readonly ttl: number
  readonly data?: string
}

/** The part of an `orthrus.dns` document that the message itself fills. */
export interface DnsFields {
  readonly dns: {
    readonly type: 'query' | 'answer'
    readonly id: string
    readonly op_code: string
    readonly header_flags: readonly string[]
    readonly question?: DnsQuestionFields
    readonly response_code?: string
    readonly answers?: readonly DnsAnswerFields[]
    readonly resolved_ip?: readonly string[]
  }
  readonly orthrus: {
    readonly dns: {
      readonly z: number
      rtt?: number
      cut?: true
      netbios_suffix?: number
    }
  }
}

/** More answers than these are not printed. */
const MAX_ANSWERS = 64
const CACHED_NAMES = 4096
const SUFFIX_RULES = {
  // A private suffix belongs to a provider, the name below it to its customer: that is who counts.
  allowPrivateDomains: true,
  extractHostname: false,
  validateHostname: false,
}

let recent = new Map<string, DomainParts>()
let older = new Map<string, DomainParts>()

/**
 * ECS fields of a message (EVENTS.md `orthrus.dns`): `header_flags` and `z` always, the rest where
 * there is something to say. `question` is the index of the question to show: a message of mDNS
 * often has several, and each deserves an event. `rtt` in ns, from the matcher.
 */
export function dnsFields(message: DnsMessage, question = 0, rtt?: number): DnsFields {
  const netbios = message.dialect === 'nbns'
  const shown = questionFields(message, question)
  const orthrus: DnsFields['orthrus']['dns'] = { z: message.z }
  if (rtt !== undefined) orthrus.rtt = rtt
  if (message.cut) orthrus.cut = true
  const suffix = netbios ? netbiosSuffix(message, question) : undefined
  if (suffix !== undefined) orthrus.netbios_suffix = suffix
  return {
    dns: {
      type: message.isResponse ? 'answer' : 'query',
      id: String(message.id),
      op_code: (netbios ? nbnsOpCodeName : opCodeName)(message.opCode),
      header_flags: message.headerFlags,
      ...(shown && { question: shown }),
      ...(message.isResponse && responseFields(message)),
    },
    orthrus: { dns: orthrus },
  }
}

/** ECS parts of a name, lower case; remembers the last few thousand names. */
export function domainParts(name: string): DomainParts {
  const known = recent.get(name) ?? older.get(name)
  if (known !== undefined) return known
  if (recent.size >= CACHED_NAMES) {
    older = recent
    recent = new Map()
  }
  const parts = split(name)
  recent.set(name, parts)
  return parts
}

function questionFields(message: DnsMessage, index: number): DnsQuestionFields | undefined {
  const question = message.questions[index]
  if (question === undefined) return undefined
  const { name } = question
  return {
    ...(name !== undefined && { name }),
    type: typeOf(message, question.type),
    class: className(question.class),
    ...(name !== undefined && message.dialect !== 'nbns' && domainParts(name)),
  }
}

function responseFields(message: DnsMessage): Partial<DnsFields['dns']> {
  const answers = message.answers.slice(0, MAX_ANSWERS).map(record => answer(message, record))
  const addresses = message.resolvedIps
  return {
    response_code: responseCodeName(message.responseCode),
    ...(answers.length > 0 && { answers }),
    ...(addresses.length > 0 && { resolved_ip: addresses }),
  }
}

function answer(message: DnsMessage, record: DnsRecord): DnsAnswerFields {
  const { name } = record
  return {
    ...(name !== undefined && { name }),
    type: typeOf(message, record.type),
    class: className(record.class),
    ttl: record.ttl,
    ...(record.data !== '' && { data: record.data }),
  }
}

function typeOf(message: DnsMessage, type: number): string {
  return message.dialect === 'nbns' ? nbnsTypeName(type) : typeName(type)
}

function split(name: string): DomainParts {
  // Letter case carries nothing and resolvers vary it (0x20 encoding), so parts are lower case.
  const found = parse(name.toLowerCase(), SUFFIX_RULES)
  const { domain, subdomain, publicSuffix } = found
  if (found.isIp || !(domain || found.isIcann || found.isPrivate)) return {}
  return {
    ...(domain && { registered_domain: domain }),
    ...(subdomain && { subdomain }),
    ...(publicSuffix && { top_level_domain: publicSuffix }),
  }
}
