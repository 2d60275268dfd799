import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { isGlobal } from '../enrich/global-address.ts'
import { addressesOf, nameOf } from '../enrich/resolved.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { type DnsRecord } from '../protocols/dns-record.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { Distinct } from './distinct.ts'
import { pairKey, sourceKey } from './keys.ts'
import { textKey } from './text-hash.ts'

const hour = 3600e6
const day = 24 * hour
/** RFC 2181 8: the top bit is zero; who gets another value takes it for zero. */
const beyond = 2 ** 31
/** Seconds that nobody can keep an answer for. */
const fleeting = 1
/** RFC 6891: the field of an OPT record is no time. */
const opt = 41

/** A name whose answers nobody may keep. */
interface Fleeting extends Kept {
  readonly since: number
  readonly addresses: Distinct
  answers: number
}

/**
 * Times to live that no zone should have (ATT&CK T1568, T1071.004): values that the standard forbids,
 * which carry something else or come of a forger, and names that may not be kept and are elsewhere
 * each time, as of a server that wants to hear of every question.
 */
export const dnsTtl = defineDetector({
  schema: section('Times to live of DNS answers that make no sense.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    addresses: Type.Integer({
      default: 12,
      minimum: 3,
      maximum: 10_000,
      description:
        'Different addresses, within an hour, of a name that may be kept for a second at most.',
    }),
    limit: Type.Integer({
      default: 8192,
      minimum: 256,
      maximum: 1_048_576,
      description: 'Most names looked at; about 300 bytes one.',
    }),
  }),
  signals: [
    {
      name: 'dns-ttl',
      when: 'An answer has a time to live that no zone should have.',
      evidence: {
        kind: 'beyond (2^31 seconds or more), unequal (of records that go together) or fleeting (a second at most, and other addresses each time)',
        domain: 'registrable domain',
        ttl: 'the time to live, seconds; the longest of several',
        shortest: 'the shortest of several, seconds',
        addresses: 'different addresses of the fleeting name within the hour',
        answers: 'answers for it within the hour',
      },
    },
  ],
  open: (options, context) => new TtlWatch(options, context),
})

interface Options {
  readonly addresses: number
  readonly limit: number
}

interface Finding {
  readonly kind: 'beyond' | 'unequal' | 'fleeting'
  readonly score: number
  readonly ttl: number
  readonly shortest?: number
  readonly addresses?: number
  readonly answers?: number
  readonly text: string
}

class TtlWatch {
  readonly on = { dns: (event: DnsEvent) => this.#answered(event) }
  readonly #options: Options
  readonly #context: DetectorContext
  readonly #names: Bounded<Fleeting>
  /** What was told today. */
  readonly #told: Bounded<Kept>

  constructor(options: Options, context: DetectorContext) {
    this.#options = options
    this.#context = context
    this.#names = new Bounded({ limit: options.limit, idle: () => hour })
    this.#told = new Bounded({ limit: options.limit, idle: () => day })
  }

  advance(time: number): void {
    this.#names.advance(time)
    this.#told.advance(time)
  }

  counts() {
    return { names: this.#names.size, refused: this.#names.refused + this.#told.refused }
  }

  #answered(event: DnsEvent): void {
    const { message, packet } = event
    if (!message.isResponse || message.dialect !== 'dns' || message.responseCode !== 0) return
    const name = message.questions[0]?.name?.toLowerCase()
    if (name === undefined || message.answerCount === 0) return
    const found = beyondOf(message.answers) ?? unequalOf(message.answers)
    if (found !== undefined) this.#tell(event, name, found)
    let entry: Fleeting | undefined
    for (const { address, ttl } of addressesOf(message, name)) {
      if (ttl > fleeting || !isGlobal(address.family, address.word0)) continue
      entry ??= this.#fleeting(name, packet.time)
      entry?.addresses.add(pairKey(address.word0, address.word3))
    }
    if (entry !== undefined) this.#judge(event, name, entry)
  }

  /** The name's account of an hour; undefined when there is no room. */
  #fleeting(name: string, time: number): Fleeting | undefined {
    const key = textKey(name)
    const known = this.#names.get(key, time)
    if (known !== undefined && time - known.since < hour) {
      known.last = Math.max(known.last, time)
      known.answers++
      return known
    }
    const entry = { since: time, last: time, addresses: new Distinct(), answers: 1 }
    return this.#names.add(key, entry, time) ? entry : undefined
  }

  #judge(event: DnsEvent, name: string, { addresses, answers }: Fleeting): void {
    const { size } = addresses
    // One answer with many is a list, not a name that moves.
    if (size < this.#options.addresses || answers < size / 4) return
    this.#tell(event, name, {
      kind: 'fleeting',
      score: 0.5,
      ttl: fleeting,
      addresses: size,
      answers,
      text: `may be kept for no more than a second, and had ${size} addresses within an hour`,
    })
  }

  #tell(trigger: DnsEvent, name: string, { score, text, ...evidence }: Finding): void {
    const { time, sourceIp = '' } = trigger.packet
    const domain = domainParts(name).registered_domain
    // Names of this network are its own business.
    if (domain === undefined) return
    const key = pairKey(sourceKey(trigger.packet), textKey(`${evidence.kind} ${domain}`))
    if (this.#told.get(key, time) !== undefined) return
    if (!this.#told.add(key, { last: time }, time)) return
    this.#context.signal({
      name: 'dns-ttl',
      score,
      entity: sourceIp,
      identity: [evidence.kind, domain, Math.floor(time / day)],
      message: `${name}, which ${sourceIp} asked for, ${text}`,
      evidence: { ...evidence, domain },
      trigger,
    })
  }
}

function beyondOf(answers: readonly DnsRecord[]): Finding | undefined {
  const found = answers.find(({ ttl, type }) => ttl >= beyond && type !== opt)
  if (found === undefined) return undefined
  const { ttl } = found
  return { kind: 'beyond', score: 0.6, ttl, text: `has a time to live of ${ttl} seconds` }
}

/** RFC 2181 5.2: records of one name and type live equally long. */
function unequalOf(answers: readonly DnsRecord[]): Finding | undefined {
  const [first] = answers
  // Nearly all answers end here: one record, or all alike.
  if (first === undefined || answers.every(({ ttl }) => ttl === first.ttl)) return undefined
  for (const one of answers) {
    const other = answers.find(two => two.type === one.type && isFar(one, two))
    if (other === undefined || nameOf(one) !== nameOf(other)) continue
    const ttl = Math.max(one.ttl, other.ttl)
    const shortest = Math.min(one.ttl, other.ttl)
    const text = `has records that live for ${shortest} and for ${ttl} seconds`
    return { kind: 'unequal', score: 0.3, ttl, shortest, text }
  }
  return undefined
}

/** A second is a matter of rounding. */
function isFar(one: DnsRecord, other: DnsRecord): boolean {
  return Math.abs(one.ttl - other.ttl) > 1
}
