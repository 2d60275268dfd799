import {
  type DeviceNameSource,
  type Duty,
  type DutyFact,
  duties,
  Facts,
  factLimits,
  type NameFact,
  nameSources,
  type PeerFact,
  type ServiceFact,
  textLimit,
} from './facts.ts'

/** Short names: there is one of these for each of some ten thousand cards. */
export interface FactsRecord {
  readonly n?: readonly (readonly [name: string, source: number, first: number, last: number])[]
  readonly s?: readonly (readonly [protocol: number, port: number, first: number, last: number])[]
  readonly p?: readonly (readonly [peer: string, count: number, bytes: number, last: number])[]
  readonly d?: readonly (readonly [duty: string, first: number, last: number])[]
  readonly m?: readonly string[]
  readonly j?: readonly string[]
  readonly u?: readonly string[]
  readonly t?: readonly string[]
  readonly note?: string
  readonly id?: string
  readonly fp?: string
  readonly vc?: string
  readonly duid?: string
}

/** The part of a record that the facts make; what is empty is left out. */
export function writeFacts(facts: Facts): FactsRecord {
  const { names, services, peers, announced, ja4, agents, tags } = facts
  return {
    ...some(
      'n',
      names.map(n => [n.name, nameSources.indexOf(n.source), n.first, n.last] as const),
    ),
    ...some(
      's',
      services.map(s => [s.protocol, s.port, s.first, s.last] as const),
    ),
    ...some(
      'p',
      peers.map(p => [p.peer, p.conversations, p.bytes, p.last] as const),
    ),
    ...some(
      'd',
      facts.duties.map(d => [d.duty, d.first, d.last] as const),
    ),
    ...some('m', announced),
    ...some('j', ja4),
    ...some('u', agents),
    ...some('t', tags),
    ...text('note', facts.note),
    ...text('id', facts.clientId),
    ...text('fp', facts.fingerprint),
    ...text('vc', facts.vendorClass),
    ...text('duid', facts.duid),
  }
}

function some<K extends string, T>(
  key: K,
  list: readonly T[],
): { readonly [_ in K]?: readonly T[] } {
  return list.length === 0 ? {} : ({ [key]: list } as { readonly [_ in K]: readonly T[] })
}

function text<K extends string>(key: K, value: string | undefined): { readonly [_ in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [_ in K]: string })
}

/** The facts in a record; whatever is not what it should be is left out. */
export function readFacts(record: unknown): Facts | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const from = record as { readonly [K in keyof FactsRecord]: unknown }
  const facts = new Facts()
  facts.names = rows(from.n, factLimits.names).flatMap(readName)
  facts.services = rows(from.s, factLimits.services).flatMap(readService)
  facts.peers = rows(from.p, factLimits.peers).flatMap(readPeer)
  facts.duties = rows(from.d, duties.length).flatMap(readDuty)
  facts.announced = texts(from.m, factLimits.announced)
  facts.ja4 = texts(from.j, factLimits.ja4)
  facts.agents = texts(from.u, factLimits.agents)
  facts.tags = texts(from.t, factLimits.tags)
  facts.note = optional(from.note)
  facts.clientId = optional(from.id)
  facts.fingerprint = optional(from.fp)
  facts.vendorClass = optional(from.vc)
  facts.duid = optional(from.duid)
  return facts
}

function readName([name, source, first, last]: readonly unknown[]): NameFact[] {
  const known: DeviceNameSource | undefined = nameSources[Number(source)]
  if (typeof name !== 'string' || known === undefined || !areNumbers(first, last)) return []
  return [
    { name: name.slice(0, textLimit), source: known, first: Number(first), last: Number(last) },
  ]
}

function readService([protocol, port, first, last]: readonly unknown[]): ServiceFact[] {
  if (!areNumbers(protocol, port, first, last)) return []
  const [a, b] = [Number(protocol), Number(port)]
  return [{ protocol: a, port: b, first: Number(first), last: Number(last) }]
}

function readPeer([peer, count, bytes, last]: readonly unknown[]): PeerFact[] {
  if (typeof peer !== 'string' || !areNumbers(count, bytes, last)) return []
  const conversations = Number(count)
  return [
    { peer: peer.slice(0, textLimit), conversations, bytes: Number(bytes), last: Number(last) },
  ]
}

function readDuty([name, first, last]: readonly unknown[]): DutyFact[] {
  const duty: Duty | undefined = duties.find(one => one === name)
  if (duty === undefined || !areNumbers(first, last)) return []
  return [{ duty, first: Number(first), last: Number(last) }]
}

function areNumbers(...values: readonly unknown[]): boolean {
  return values.every(value => typeof value === 'number' && Number.isFinite(value))
}

function rows(value: unknown, limit: number): readonly (readonly unknown[])[] {
  return Array.isArray(value) ? value.filter(Array.isArray).slice(0, limit) : []
}

function texts(value: unknown, limit: number): string[] {
  if (!Array.isArray(value)) return []
  const found = value.filter((one): one is string => typeof one === 'string')
  return found.slice(0, limit).map(one => one.slice(0, textLimit))
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, textLimit) : undefined
}
