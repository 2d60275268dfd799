import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { hundredths } from './hundredths.ts'
import { sourceKey } from './keys.ts'
import { oddness } from './odd-name.ts'
import { textKey } from './text-hash.ts'

interface Missing {
  readonly key: number
  readonly domain: string
  readonly time: number
  readonly odd: number
}

/** What one client asked for in vain lately, oldest first. */
interface Search extends Kept {
  readonly client: string
  missing: Missing[]
  /** The last name like those that did resolve. */
  found: string
  /** How many there must be for the next signal. */
  next: number
  since: number
}

const nameError = 3
const kept = 64
/** Bits for each character above which names look made up; people's names are at 4.1 on average. */
const made = 4.7

/**
 * Malware that computes where its server might be (ATT&CK T1568.002): a client asks for many
 * registrable domains that do not exist. How made up they look decides how many it takes.
 */
export const dga = defineDetector({
  schema: section('Names that a program makes up until one exists.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    window: duration({
      default: '1h',
      minDuration: '1m',
      maxDuration: '7d',
      description: 'Time within which the names are asked for.',
    }),
    random: Type.Integer({
      default: 10,
      minimum: 4,
      maximum: kept,
      description: 'Domains that do not exist and look made up that are too many.',
    }),
    any: Type.Integer({
      default: 40,
      minimum: 4,
      maximum: kept,
      description: 'Domains that do not exist that are too many whatever they look like.',
    }),
    limit: Type.Integer({
      default: 16_384,
      minimum: 256,
      maximum: 1_048_576,
      description: 'Most clients looked at; up to 8 KiB each.',
    }),
  }),
  signals: [
    {
      name: 'dga',
      when: 'A client asks for many registrable domains that do not exist.',
      evidence: {
        domains: 'how many, each counted once',
        oddness:
          'bits for each character by a model of names; people’s names take 4.1, random letters 6',
        examples: 'some of them',
        found: 'the last name of the kind that did exist',
        seconds: 'time from the first to the last',
      },
    },
  ],
  open(options, context) {
    return new Dga({ ...options, window: milliseconds(options.window) * 1000 }, context)
  },
})

interface Options {
  readonly window: number
  readonly random: number
  readonly any: number
  readonly limit: number
}

class Dga {
  readonly on = { dns: (event: DnsEvent) => this.#answered(event) }
  readonly #options: Options
  readonly #context: DetectorContext
  readonly #searches: Bounded<Search>

  constructor(options: Options, context: DetectorContext) {
    this.#options = options
    this.#context = context
    const idle = (search: Search, crowded: boolean) =>
      crowded && search.missing.length < 3 ? options.window / 10 : options.window
    this.#searches = new Bounded({ limit: options.limit, idle })
  }

  advance(time: number): void {
    this.#searches.advance(time)
  }

  counts() {
    return { clients: this.#searches.size, refused: this.#searches.refused }
  }

  #answered(event: DnsEvent): void {
    const { message } = event
    if (!message.isResponse || message.dialect !== 'dns') return
    const name = message.questions[0]?.name
    if (name === undefined) return
    if (message.responseCode === nameError) this.#missed(event, name)
    else if (message.responseCode === 0) this.#found(event, name)
  }

  #found({ packet }: DnsEvent, name: string): void {
    const search = this.#searches.get(sourceKey(packet), packet.time)
    if (search === undefined || search.missing.length < 3) return
    const domain = domainParts(name).registered_domain
    if (domain !== undefined && oddnessOf(domain) >= made) search.found = domain
  }

  #missed(event: DnsEvent, name: string): void {
    const { packet } = event
    const { time } = packet
    const domain = domainParts(name).registered_domain
    if (domain === undefined || domain.endsWith('.arpa')) return
    const search = this.#search(event)
    if (search === undefined) return
    search.last = time
    const key = textKey(domain)
    if (search.missing.some(one => one.key === key)) return
    const oldest = time - this.#options.window
    const recent = search.missing.filter(one => one.time > oldest).slice(1 - kept)
    if (recent.length === 0) {
      search.next = 0
      search.since = time
    }
    recent.push({ key, domain, time, odd: oddnessOf(domain) })
    search.missing = recent
    this.#judge(search, event)
  }

  #search({ packet }: DnsEvent): Search | undefined {
    const key = sourceKey(packet)
    const known = this.#searches.get(key, packet.time)
    if (known !== undefined) return known
    const client = packet.sourceIp ?? ''
    const last = packet.time
    const search: Search = { client, missing: [], found: '', next: 0, since: last, last }
    return this.#searches.add(key, search, last) ? search : undefined
  }

  #judge(search: Search, trigger: DnsEvent): void {
    const { missing, client, next, found } = search
    const { random, any } = this.#options
    const count = missing.length
    if (count < Math.max(next, random)) return
    const mean = missing.reduce((sum, { odd }) => sum + odd, 0) / count
    const isMade = mean >= made
    if (!isMade && count < any) return
    search.next = kept + 1 // once for a burst: the ring counts no further
    const first = missing[0]?.time ?? 0
    const score = Math.min(
      1,
      (isMade ? 0.8 : 0.55) + (found === '' ? 0 : 0.1) + (count - random) / 500,
    )
    this.#context.signal({
      name: 'dga',
      score: hundredths(score),
      entity: client,
      identity: [nearestMinute(search.since)],
      message: `${client} asked for ${count} domains that do not exist, such as ${missing.at(-1)?.domain}`,
      evidence: {
        domains: count,
        oddness: hundredths(mean),
        examples: missing.slice(-5).map(({ domain }) => domain),
        found: found === '' ? undefined : found,
        seconds: Math.round((trigger.packet.time - first) / 1e6),
      },
      trigger,
    })
  }
}

/** Of the label that somebody registered; people put years and counts behind their names. */
function oddnessOf(domain: string): number {
  const label = labelOf(domain)
  const bare = label.replace(/\d{1,4}$/, '')
  return oddness(bare.length < 6 ? label : bare)
}

/** The label that somebody registered: `example` of `example.co.uk`. */
function labelOf(domain: string): string {
  const dot = domain.indexOf('.')
  return dot < 0 ? domain : domain.slice(0, dot)
}
