import { type IpAddress } from '../decode/address.ts'
import { isGlobal } from '../enrich/global-address.ts'
import { addressesOf, type Found } from '../enrich/resolved.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { Distinct } from './distinct.ts'
import { type Places, placesOf } from './flux-places.ts'
import { addressKey, sourceKey } from './keys.ts'
import { textKey } from './text-hash.ts'

/** As the configuration has them; `seconds` of time to live, `window` in µs. */
export interface FluxLimits {
  readonly addresses: number
  readonly networks: number
  readonly systems: number
  readonly countries: number
  readonly changes: number
  readonly seconds: number
  readonly window: number
  readonly ignore: readonly string[]
  readonly limit: number
}

/** What was answered for one name. */
interface Name extends Kept {
  readonly since: number
  readonly addresses: Distinct
  readonly networks: Distinct
  /** Some of the addresses, to ask where they are. */
  readonly sample: IpAddress[]
  /** The longest time to live, seconds. */
  ttl: number
  /** When an answer brought something new last, µs, and how many did. */
  changed: number
  changes: number
  /** Addresses at which it is judged (again). */
  next: number
  found: Places | undefined
  /** Clients that it was told of for. */
  readonly told: Distinct
}

interface Provider extends Kept {
  readonly customers: Distinct
}

const hour = 3600e6
const day = 24 * hour
/** µs from one change to the next. */
const pause = 30e6
const sampled = 64
/** Customers that make a domain a provider. */
const many = 3

/** Counts addresses of names, and tells who asks for those that are everywhere. */
export class FluxNames {
  readonly #limits: FluxLimits
  readonly #context: Pick<DetectorContext, 'signal' | 'home' | 'place'>
  readonly #ignored: ReadonlySet<string>
  readonly #names: Bounded<Name>
  readonly #providers: Bounded<Provider>

  constructor(limits: FluxLimits, context: Pick<DetectorContext, 'signal' | 'home' | 'place'>) {
    this.#limits = limits
    this.#context = context
    this.#ignored = new Set(limits.ignore.map(domain => domain.toLowerCase()))
    const idle = ({ addresses, ttl }: Name, crowded: boolean) => {
      if (!crowded) return limits.window
      return addresses.first.length < 8 || ttl > limits.seconds ? hour / 4 : limits.window
    }
    this.#names = new Bounded({ limit: limits.limit, idle })
    this.#providers = new Bounded({ limit: 4096, idle: () => 7 * day })
  }

  get counts() {
    return { names: this.#names.size, refused: this.#names.refused + this.#providers.refused }
  }

  advance(time: number): void {
    this.#names.advance(time)
    this.#providers.advance(time)
  }

  answered(event: DnsEvent): void {
    const { message, packet } = event
    if (!message.isResponse || message.dialect !== 'dns' || message.responseCode !== 0) return
    const asked = message.questions[0]?.name?.toLowerCase()
    if (asked === undefined || message.answerCount === 0) return
    const answered = this.#take(addressesOf(message, asked), asked, packet.time)
    if (answered !== undefined) this.#judge(event, answered)
  }

  /** Counts what is outside; undefined when nothing is, or there was no room for the last name. */
  #take(found: readonly Found[], asked: string, time: number): Answered | undefined {
    let name: Name | undefined
    let of = ''
    let isNew = false
    for (const { address, ttl, owner } of found) {
      if (!this.#isOutside(address)) continue
      if (name === undefined || of !== owner) {
        of = owner
        name = this.#name(owner, time)
      }
      if (name !== undefined && take(name, address, ttl)) isNew = true
    }
    return name && { name, owner: of, asked, isNew }
  }

  #isOutside({ family, word0, word1, word2, word3 }: IpAddress): boolean {
    if (!isGlobal(family, word0)) return false
    return !this.#context.home().has(family, word0, word1, word2, word3)
  }

  #name(text: string, time: number): Name | undefined {
    const key = textKey(text)
    const known = this.#names.get(key, time)
    if (known !== undefined && time - known.since <= this.#limits.window) {
      known.last = Math.max(known.last, time)
      return known
    }
    if (known === undefined && !this.#names.admits(time)) return undefined
    const name: Name = {
      since: time,
      last: time,
      addresses: new Distinct(),
      networks: new Distinct(),
      sample: [],
      ttl: 0,
      changed: Number.NEGATIVE_INFINITY,
      changes: 0,
      next: this.#limits.addresses,
      found: undefined,
      told: new Distinct(),
    }
    this.#names.add(key, name, time)
    return name
  }

  #judge(event: DnsEvent, { name, owner, asked, isNew }: Answered): void {
    const { time } = event.packet
    if (isNew && time - name.changed >= pause) {
      name.changed = time
      name.changes++
    }
    if (asked !== owner) this.#serve(asked, owner, time)
    if (isNew && name.found === undefined) name.found = this.#places(name)
    // A name that turns out to live for longer is none.
    if (name.found === undefined || name.ttl > this.#limits.seconds) return
    if (name.told.add(sourceKey(event.packet))) this.#tell(event, name, owner)
  }

  /** The domain of the owner serves that of the name that was asked for. */
  #serve(asked: string, owner: string, time: number): void {
    const domain = domainParts(owner).registered_domain
    const customer = domainParts(asked).registered_domain
    if (domain === undefined || customer === undefined || customer === domain) return
    const key = textKey(domain)
    let provider = this.#providers.get(key, time)
    if (provider === undefined) {
      provider = { customers: new Distinct(), last: time }
      this.#providers.add(key, provider, time)
    }
    provider.customers.add(textKey(customer))
    provider.last = Math.max(provider.last, time)
  }

  /** Where the name is, when it is everywhere; undefined when it is not (yet). */
  #places(name: Name): Places | undefined {
    const { networks, changes, seconds } = this.#limits
    if (name.changes < changes || name.ttl > seconds) return undefined
    const addresses = name.addresses.size
    if (addresses < name.next) return undefined
    const spread = name.networks.size
    if (spread < networks || spread < addresses / 2) return undefined
    name.next = Math.ceil(addresses * 1.25)
    const places = placesOf(name.sample, this.#context.place)
    return this.#isEverywhere(places, spread / addresses) ? places : undefined
  }

  #isEverywhere({ systems, countries }: Places, share: number): boolean {
    if (systems !== undefined) return systems >= this.#limits.systems
    if (countries !== undefined) return countries >= this.#limits.countries
    // Nobody can say where: then each must be in another network, as computers of people are.
    return share >= 0.75
  }

  #tell(trigger: DnsEvent, name: Name, owner: string): void {
    const { time, sourceIp = '' } = trigger.packet
    const { systems, countries } = name.found ?? {}
    const domain = domainParts(owner).registered_domain
    if (domain === undefined || this.#ignored.has(domain)) return
    const customers = this.#providers.get(textKey(domain), time)?.customers.first.length ?? 0
    const addresses = name.addresses.size
    const networks = name.networks.size
    const seconds = Math.round((time - name.since) / 1e6)
    const score = (countries ?? 0) >= 8 || (systems ?? 0) >= 20 ? 0.9 : 0.8
    this.#context.signal({
      name: 'fast-flux',
      score: customers >= many ? 0.4 : score,
      entity: sourceIp,
      identity: [owner, Math.floor(name.since / day)],
      message: `${sourceIp} asked for ${owner}, which had ${addresses} addresses in ${networks} networks within ${seconds} s`,
      evidence: {
        name: owner,
        domain,
        addresses,
        networks,
        systems,
        countries,
        changes: name.changes,
        ttl: name.ttl,
        customers,
        seconds,
        examples: name.sample.slice(0, 5).map(({ text }) => text ?? ''),
      },
      trigger,
    })
  }
}

interface Answered {
  readonly name: Name
  readonly owner: string
  readonly asked: string
  /** Whether the answer has an address that was never seen. */
  readonly isNew: boolean
}

/**
 * Takes an address that the name has; true when it never had it. A home has a /64 of IPv6 at least, in
 * which its computers change their addresses; an access provider gives a region a /40 or more, as it has
 * a /16 of IPv4, and a content network a place a /48.
 */
function take(name: Name, address: IpAddress, ttl: number): boolean {
  const { family, word0, word1 } = address
  if (ttl > name.ttl) name.ttl = ttl
  if (!name.addresses.add(addressKey(family, word0, word1, 0, 0))) return false
  const isFour = family === 4
  name.networks.add(isFour ? word0 >>> 16 : addressKey(6, word0, word1 >>> 24, 0, 0))
  if (name.sample.length < sampled) name.sample.push(address)
  return true
}
