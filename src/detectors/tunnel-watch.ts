import { type Baseline } from '../baseline/store.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept, remember } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { Distinct } from './distinct.ts'
import { hundredths } from './hundredths.ts'
import { pairKey, sourceKey } from './keys.ts'
import { sourceKey as deviceKey } from './source.ts'
import { informationBits, textKey } from './text-hash.ts'
import {
  type Amount,
  amountOf,
  isEnough,
  isFewButLong,
  isOfLongNames,
  isSuspicious,
  mayBeEnough,
  type Talk,
} from './tunnel-talk.ts'

const day = 24 * 3600e6
/** TXT, NULL, CNAME, MX, SRV, KEY, and iodine's private type: they answer with more than an address. */
const carriers = new Set([16, 10, 5, 15, 33, 25, 65399])
/** Clients of a product that asks by name, such as a virus scanner: a tunnel is rarely in as many. */
const product = 3
/** An address backwards, as blocklists are asked about it: it carries nothing else. */
const reversed = /^(?:\d{1,3}\.){3}\d{1,3}(?:\.|$)|^(?:[\da-f]\.){31}[\da-f](?:\.|$)/i
/** How much more it must be to be told again, on the same day or another. */
const growth = 10

/** As the configuration has them. */
export interface TunnelLimits {
  readonly bytes: number
  readonly names: number
  readonly ignore: readonly string[]
  readonly limit: number
}

/** Counts what names can carry, and tells who asks for too much. */
export class TunnelWatch {
  readonly flows = ['start', 'end'] as const
  readonly on = {
    dns: (event: DnsEvent) => this.#heard(event),
    flow: (event: FlowEvent) => this.#visited(event),
  }
  readonly #options: TunnelLimits
  readonly #context: DetectorContext
  readonly #ignored: ReadonlySet<string>
  readonly #talks: Bounded<Talk>
  /** Clients of suspicious pairs: only their visits are looked at. Where one finds no room, all are. */
  readonly #watched: Bounded<Kept>
  /** Who ever asked which domain so, and how much at most. */
  readonly #askers: Baseline

  constructor(options: TunnelLimits, context: DetectorContext) {
    this.#options = options
    this.#context = context
    this.#ignored = new Set(options.ignore.map(domain => domain.toLowerCase()))
    const idle = (talk: Talk, crowded: boolean) => (crowded && !isSuspicious(talk) ? day / 24 : day)
    this.#talks = new Bounded({ limit: options.limit, idle })
    this.#watched = new Bounded({ limit: options.limit, idle: () => day })
    this.#askers = context.baselines.open({
      id: 'detector.dns-tunnel',
      hash: '2',
      forgetAfter: 90 * day,
      limits: { entities: options.limit, valuesPerEntity: 256, overflow: 'freeze' },
    })
  }

  advance(time: number): void {
    this.#talks.advance(time)
    this.#watched.advance(time)
  }

  counts() {
    return { pairs: this.#talks.size, refused: this.#talks.refused + this.#watched.refused }
  }

  #heard(event: DnsEvent): void {
    const { message } = event
    if (message.dialect !== 'dns') return
    const question = event.asked
    if (question?.name === undefined) return
    if (!message.isResponse) this.#asked(event, question.name, question.type)
    else if (carriers.has(question.type)) this.#answered(event, question.name)
  }

  #asked(event: DnsEvent, name: string, type: number): void {
    const { packet } = event
    const { registered_domain: domain, subdomain } = domainParts(name)
    if (domain === undefined || subdomain === undefined || this.#ignored.has(domain)) return
    if (reversed.test(subdomain)) return
    const client = sourceKey(packet)
    const key = pairKey(client, textKey(domain))
    const talk = this.#talk(key, event, domain)
    if (talk === undefined) return
    talk.last = packet.time
    talk.queries++
    if (carriers.has(type)) talk.carriers++
    if (!talk.names.add(textKey(subdomain))) return
    talk.characters += subdomain.length
    talk.bits += informationBits(subdomain)
    if (subdomain.length > talk.longest.length) talk.longest = subdomain
    if (isSuspicious(talk)) this.#suspect(talk, client)
    if (mayBeEnough(talk)) this.#judge(talk, event)
  }

  /** From now on it counts who else asks so, and whether anybody visits the domain. */
  #suspect(talk: Talk, client: number): void {
    remember(this.#watched, client, talk.last)
    if (talk.isSuspect) return
    talk.isSuspect = true
    if (isOfLongNames(talk)) this.#askers.observe(talk.device, talk.domain, talk.last)
  }

  /** What comes back in records that carry more than an address. */
  #answered({ packet, message }: DnsEvent, name: string): void {
    const { registered_domain: domain } = domainParts(name)
    if (domain === undefined) return
    const talk = this.#talks.get(pairKey(sourceKey(packet), textKey(domain)), packet.time)
    if (talk === undefined) return
    for (const { type, dataLength } of message.answers) {
      if (carriers.has(type)) talk.answered += dataLength
    }
  }

  /** The pair's account of a day; undefined when there is no room. */
  #talk(key: number, { packet }: DnsEvent, domain: string): Talk | undefined {
    const { time } = packet
    const known = this.#talks.get(key, time)
    if (known !== undefined && time - known.since < day) return known
    const talk: Talk = {
      client: packet.sourceIp ?? '',
      device: deviceKey(this.#context.devices, packet),
      domain,
      since: time,
      last: time,
      names: new Distinct(),
      queries: 0,
      characters: 0,
      bits: 0,
      carriers: 0,
      answered: 0,
      visits: 0,
      isSuspect: false,
      longest: '',
      next: 0,
      level: -1,
      usual: undefined,
    }
    return this.#talks.add(key, talk, time) ? talk : undefined
  }

  #visited(flow: FlowEvent): void {
    if (flow.action === 'update' || this.#watched.size === 0) return
    const { packet } = flow
    if (packet.destinationPort === 53) return
    const client = sourceKey(packet)
    const { refused } = this.#watched
    if (refused === 0 && this.#watched.get(client, packet.time) === undefined) return
    const name = this.#context.destinationName(packet, flow.start)?.name
    const domain = name === undefined ? undefined : domainParts(name).registered_domain
    if (domain === undefined) return
    const talk = this.#talks.get(pairKey(client, textKey(domain)), packet.time)
    if (talk !== undefined) talk.visits++
  }

  #judge(talk: Talk, trigger: DnsEvent): void {
    const amount = amountOf(talk)
    const isMuch = isEnough(talk, amount, this.#options)
    if (!isMuch && !isFewButLong(talk)) return
    this.#compare(talk, amount.bytes)
    if (amount.bytes < talk.next) return
    const before = this.#askers.observe(talk.device, talk.domain, talk.last)
    const clients = (before.value?.entities ?? 0) + (before.pair === undefined ? 1 : 0)
    // Where others ask so as well, little says nothing.
    if (!isMuch && clients > 1) return
    this.#tell(talk, amount, clients, trigger)
    talk.next = Math.max(amount.bytes, this.#options.bytes) * growth
  }

  /** With what the client asked on other days: a tunnel is told at first sight, a product once. */
  #compare(talk: Talk, bytes: number): void {
    const level = Math.floor(Math.log10(Math.max(1, bytes / this.#options.bytes)))
    if (level <= talk.level) return
    talk.level = level
    const { pair } = this.#askers.observe(talk.device, `${talk.domain} ${level}`, talk.last)
    const isOld = pair !== undefined && pair.firstSeen < talk.since
    talk.usual = isOld ? pair.firstSeen : undefined
  }

  #tell(talk: Talk, { bytes, names, mean }: Amount, clients: number, trigger: DnsEvent): void {
    const { client, domain, usual } = talk
    const share = talk.carriers / talk.queries
    const size = Math.log10(Math.max(bytes / this.#options.bytes, 1))
    const sure = Math.min(1, 0.6 + 0.15 * size + (share > 0.5 ? 0.2 : 0) + (mean > 30 ? 0.1 : 0))
    const isUsual = clients >= product || usual !== undefined
    this.#context.signal({
      name: 'dns-tunnel',
      score: hundredths(isUsual ? Math.min(sure, 0.4) : sure),
      entity: client,
      identity: [domain, nearestMinute(talk.since), talk.next],
      message: `${client} asked for ${names} names of ${domain} that can carry ${bytes} bytes, and talked to no host of it`,
      evidence: {
        domain,
        names,
        queries: talk.queries,
        bytes,
        carriers: hundredths(share),
        answered: talk.answered,
        visits: talk.visits,
        clients,
        days: usual === undefined ? 0 : Math.floor((talk.last - usual) / day),
        seconds: Math.round((talk.last - talk.since) / 1e6),
        example: `${talk.longest}.${domain}`,
      },
      trigger,
    })
  }
}
