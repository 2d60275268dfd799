import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { type IpAddress } from '../decode/address.ts'
import { nearestMinute } from '../decode/clock.ts'
import { homeOf, privateNetworks } from '../enrich/direction.ts'
import { addressesOf } from '../enrich/resolved.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { addressKey } from './keys.ts'
import { textKey } from './text-hash.ts'

interface Known extends Kept {
  /** The public address that the name last had. */
  address: IpAddress
}

/** Names that were told the same private address. */
interface Portal extends Kept {
  readonly domains: Set<string>
}

const hour = 3600e6
/**
 * Other domains that lately had the same private address: a captive portal or a filter answers so to
 * whatever is asked, an attacker has one domain.
 */
const portal = 2
const mostDomains = 4
/** Where no public name has business: private, this host (RFC 1122, 4291) and the link (RFC 3927). */
const inside = homeOf([
  ...privateNetworks,
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '::/127',
  'fe80::/10',
])

/**
 * DNS rebinding: a name of the internet that was at a public address a while ago and is now at a
 * private one, so that a page of that name reaches what is behind the firewall. A name that only
 * ever had private addresses is somebody's split DNS, one at 0.0.0.0 is blocked.
 */
export const dnsRebinding = defineDetector({
  schema: section('Names that move from a public address to a private one.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    ignore: Type.Array(Type.String({ minLength: 1 }), {
      default: ['plex.direct', 'netgear.com', 'tplinkwifi.net'],
      uniqueItems: true,
      description: 'Registrable domains that do so for good reasons, such as your own.',
    }),
    limit: Type.Integer({
      default: 65_536,
      minimum: 1024,
      maximum: 4_194_304,
      description: 'Most names remembered; about 200 bytes one.',
    }),
  }),
  signals: [
    {
      name: 'dns-rebinding',
      when: 'A name had a public address within the last hour and now has a private one.',
      evidence: {
        domain: 'registrable domain',
        was: 'the public address',
        now: 'the private address',
        ttl: 'time to live of the answer, seconds',
        seconds: 'time since the name was seen at the public address',
      },
    },
  ],
  open: (options, context) => new Rebinding(options, context),
})

interface Options {
  readonly ignore: readonly string[]
  readonly limit: number
}

class Rebinding {
  readonly on = { dns: (event: DnsEvent) => this.#answered(event) }
  readonly #context: DetectorContext
  readonly #ignored: ReadonlySet<string>
  readonly #names: Bounded<Known>
  readonly #portals: Bounded<Portal>

  constructor({ ignore, limit }: Options, context: DetectorContext) {
    this.#context = context
    this.#ignored = new Set(ignore)
    this.#names = new Bounded({ limit, idle: (_, crowded) => (crowded ? hour / 4 : hour) })
    this.#portals = new Bounded({ limit: 1024, idle: (_, crowded) => (crowded ? hour / 4 : hour) })
  }

  advance(time: number): void {
    this.#names.advance(time)
    this.#portals.advance(time)
  }

  counts() {
    return { names: this.#names.size, refused: this.#names.refused }
  }

  #answered(event: DnsEvent): void {
    const { message, packet } = event
    if (!message.isResponse || message.dialect !== 'dns' || message.responseCode !== 0) return
    const name = message.questions[0]?.name?.toLowerCase()
    const domain = name === undefined ? undefined : domainParts(name).registered_domain
    if (name === undefined || domain === undefined || this.#ignored.has(domain)) return
    const key = textKey(name)
    for (const { address, ttl } of addressesOf(message, name)) {
      if (!this.#isInside(address)) this.#remember(key, address, packet.time)
      else if (!isNowhere(address)) this.#judge(event, { key, name, domain, address, ttl })
    }
  }

  #remember(key: number, address: IpAddress, time: number): void {
    const known = this.#names.get(key, time)
    if (known === undefined) {
      this.#names.add(key, { address, last: time }, time)
      return
    }
    known.address = address
    known.last = time
  }

  #judge(
    trigger: DnsEvent,
    now: { key: number; name: string; domain: string; address: IpAddress; ttl: number },
  ): void {
    const { time, sourceIp = '' } = trigger.packet
    const isPortal = this.#isPortal(now.address, now.domain, time)
    const was = this.#names.get(now.key, time)
    if (was === undefined || isPortal) return
    this.#names.delete(now.key)
    const address = now.address.text ?? ''
    const before = was.address.text ?? ''
    this.#context.signal({
      name: 'dns-rebinding',
      score: now.ttl <= 300 ? 0.9 : 0.7,
      entity: sourceIp,
      identity: [now.name, nearestMinute(was.last)],
      message: `${now.name} moved from ${before} to ${address}, as ${sourceIp} was told`,
      evidence: {
        domain: now.domain,
        was: before,
        now: address,
        ttl: now.ttl,
        seconds: Math.round((time - was.last) / 1e6),
      },
      trigger,
    })
  }

  /** Whether other domains lead to the private address, too. */
  #isPortal({ family, word0, word1, word2, word3 }: IpAddress, domain: string, time: number) {
    const key = addressKey(family, word0, word1, word2, word3)
    let known = this.#portals.touch(key, time)
    if (known === undefined) {
      known = { domains: new Set(), last: time }
      this.#portals.add(key, known, time)
    }
    const { domains } = known
    if (domains.size < mostDomains) domains.add(domain)
    return domains.size - (domains.has(domain) ? 1 : 0) >= portal
  }

  #isInside({ family, word0, word1, word2, word3 }: IpAddress): boolean {
    const words = [word0, word1, word2, word3] as const
    return this.#context.home().has(family, ...words) || inside.has(family, ...words)
  }
}

/** 0.0.0.0 and ::, which filters answer with. */
function isNowhere({ word0, word1, word2, word3 }: IpAddress): boolean {
  return (word0 | word1 | word2 | word3) === 0
}
