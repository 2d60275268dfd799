import { type Baseline } from '../baseline/store.ts'
import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { Distinct } from './distinct.ts'
import { hundredths } from './hundredths.ts'
import { pairKey, sourceKey } from './keys.ts'
import { reputationServices } from './reputation-services.ts'
import { informationBits, textKey } from './text-hash.ts'

/** What one client asked of one registrable domain. */
interface Talk extends Kept {
  readonly client: string
  readonly domain: string
  readonly since: number
  readonly names: Distinct
  queries: number
  /** Characters and bits of the names below the domain, each name counted once. */
  characters: number
  bits: number
  /** Questions for types that carry data back: TXT, NULL and the like. */
  carriers: number
  /** Conversations with a host of the domain. */
  visits: number
  longest: string
  /** Bytes of information at which it is told of again. */
  next: number
}

const day = 24 * 3600e6
/** TXT, NULL, CNAME, MX, SRV, KEY, and iodine's private type: they answer with more than an address. */
const carriers = new Set([16, 10, 5, 15, 33, 25, 65399])
/** Names after which a domain's visits are counted. */
const suspicious = 20
const least = { names: 40, length: 10 }
/** Clients of a product that asks by name, such as a virus scanner: a tunnel is rarely in as many. */
const product = 3

/**
 * Data that leaves in the names that are asked for (ATT&CK T1071.004, T1048.003): many names below
 * one domain, each new, long and random, to hosts that nobody then talks to. Counting what the names
 * can carry finds the slow tunnel as well as the fast one; that nobody visits the domain is RITA's
 * idea and spares content networks.
 */
export const dnsTunnel = defineDetector({
  schema: section('Data in the names of DNS questions.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    bytes: Type.Integer({
      default: 800,
      minimum: 100,
      maximum: 1_000_000_000,
      description: 'What the names of one client below one domain must be able to carry in a day.',
    }),
    names: Type.Integer({
      default: 500,
      minimum: 40,
      maximum: 30_000,
      description:
        'Different names in a day that are too many whatever they carry, of a domain that nobody visits.',
    }),
    ignore: Type.Array(Type.String({ minLength: 1 }), {
      default: reputationServices,
      uniqueItems: true,
      description:
        'Registrable domains that are asked about others by their names, as blocklists are.',
    }),
    limit: Type.Integer({
      default: 16_384,
      minimum: 256,
      maximum: 1_048_576,
      description:
        'Most pairs of client and domain looked at; about 300 bytes one, 1 KiB where it is suspicious.',
    }),
  }),
  signals: [
    {
      name: 'dns-tunnel',
      when: 'A client asks for many new, long or random names of one domain, and talks to none of its hosts.',
      evidence: {
        domain: 'registrable domain',
        names: 'different names below it',
        queries: 'questions',
        bytes: 'bytes that the names can carry',
        carriers: 'share of questions for types that carry data back, 0 to 1',
        visits: 'conversations with a host of the domain',
        clients:
          'clients that ever asked the domain so, this one included; from three on it is taken for a product',
        seconds: 'time since the first question',
        example: 'the longest of the names',
      },
    },
  ],
  open(options, context) {
    return new DnsTunnel(options, context)
  },
})

interface Options {
  readonly bytes: number
  readonly names: number
  readonly ignore: readonly string[]
  readonly limit: number
}

class DnsTunnel {
  readonly on = {
    dns: (event: DnsEvent) => this.#asked(event),
    flow: (event: FlowEvent) => this.#visited(event),
  }
  readonly #options: Options
  readonly #context: DetectorContext
  readonly #ignored: ReadonlySet<string>
  readonly #talks: Bounded<number, Talk>
  /** Clients of suspicious pairs, with how many they have: only their visits are looked at. */
  readonly #watched = new Map<number, number>()
  /** Who ever asked which domain so. */
  readonly #askers: Baseline

  constructor(options: Options, context: DetectorContext) {
    this.#options = options
    this.#context = context
    this.#ignored = new Set(options.ignore.map(domain => domain.toLowerCase()))
    const idle = (talk: Talk, crowded: boolean) =>
      crowded && talk.names.size < suspicious ? day / 24 : day
    this.#talks = new Bounded({ limit: options.limit, idle })
    this.#askers = context.baselines.open({
      id: 'detector.dns-tunnel',
      hash: '1',
      forgetAfter: 90 * day,
      limits: { entities: options.limit, valuesPerEntity: 64, overflow: 'freeze' },
    })
  }

  advance(time: number): void {
    this.#talks.advance(time)
    if (this.#talks.size === 0) this.#watched.clear()
  }

  counts() {
    return { pairs: this.#talks.size, refused: this.#talks.refused }
  }

  #asked(event: DnsEvent): void {
    const { message, packet } = event
    if (message.isResponse || message.dialect !== 'dns') return
    const question = message.questions[0]
    if (question?.name === undefined) return
    const { registered_domain: domain, subdomain } = domainParts(question.name)
    if (domain === undefined || subdomain === undefined || this.#ignored.has(domain)) return
    const client = sourceKey(packet)
    const key = pairKey(client, textKey(domain))
    const talk = this.#talk(key, event, domain)
    if (talk === undefined) return
    talk.last = packet.time
    talk.queries++
    if (carriers.has(question.type)) talk.carriers++
    if (!talk.names.add(textKey(subdomain))) return
    const names = talk.names.size
    if (names === suspicious) this.#watched.set(client, (this.#watched.get(client) ?? 0) + 1)
    talk.characters += subdomain.length
    talk.bits += informationBits(subdomain)
    if (subdomain.length > talk.longest.length) talk.longest = subdomain
    if (names >= least.names) this.#judge(talk, names, event)
  }

  /** The pair's account of a day; undefined when there is no room. */
  #talk(key: number, { packet }: DnsEvent, domain: string): Talk | undefined {
    const { time } = packet
    const known = this.#talks.get(key, time)
    if (known !== undefined && time - known.since < day) return known
    const talk: Talk = {
      client: packet.sourceIp ?? '',
      domain,
      since: time,
      last: time,
      names: new Distinct(),
      queries: 0,
      characters: 0,
      bits: 0,
      carriers: 0,
      visits: 0,
      longest: '',
      next: 0,
    }
    return this.#talks.add(key, talk, time) ? talk : undefined
  }

  #visited(flow: FlowEvent): void {
    if (flow.action === 'update' || this.#watched.size === 0) return
    const { packet } = flow
    if (packet.destinationPort === 53) return
    const client = sourceKey(packet)
    if (!this.#watched.has(client)) return
    const name = this.#context.destinationName(packet, flow.start)?.name
    const domain = name === undefined ? undefined : domainParts(name).registered_domain
    if (domain === undefined) return
    const talk = this.#talks.get(pairKey(client, textKey(domain)), packet.time)
    if (talk !== undefined) talk.visits++
  }

  #judge(talk: Talk, names: number, trigger: DnsEvent): void {
    const bytes = Math.round(talk.bits / 8)
    const mean = talk.characters / names
    const { next } = talk
    if (bytes < next || talk.visits > names / 20) return
    const share = talk.carriers / talk.queries
    const carries = bytes >= this.#options.bytes && mean >= least.length
    if (!carries && names < this.#options.names) return
    talk.next = bytes * 10
    const before = this.#askers.observe(talk.client, talk.domain, talk.last)
    const clients = (before.value?.entities ?? 0) + (before.pair === undefined ? 1 : 0)
    const { client, domain } = talk
    const size = Math.log10(Math.max(bytes / this.#options.bytes, 1))
    const sure = Math.min(1, 0.6 + 0.15 * size + (share > 0.5 ? 0.2 : 0) + (mean > 30 ? 0.1 : 0))
    const score = clients >= product ? Math.min(sure, 0.4) : sure
    this.#context.signal({
      name: 'dns-tunnel',
      score: hundredths(score),
      entity: client,
      identity: [domain, talk.since, next],
      message: `${client} asked for ${names} names of ${domain} that can carry ${bytes} bytes, and talked to no host of it`,
      evidence: {
        domain,
        names,
        queries: talk.queries,
        bytes,
        carriers: hundredths(share),
        visits: talk.visits,
        clients,
        seconds: Math.round((talk.last - talk.since) / 1e6),
        example: `${talk.longest}.${domain}`,
      },
      trigger,
    })
  }
}
