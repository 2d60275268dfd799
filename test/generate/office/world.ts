import { type DnsRecord } from '../dns.ts'
import { type CertificateOptions } from '../x509.ts'
import { type Dice } from './dice.ts'
import { type TlsServer } from './hello.ts'

/** A network of servers outside. */
interface Provider {
  readonly name: string
  /** The first two numbers of its addresses. */
  readonly prefixes: readonly string[]
  /** µs there and back. */
  readonly rtt: number
}

/** A name outside, where it leads, and what answers there. */
export interface Host {
  readonly name: string
  /** Registrable. */
  readonly domain: string
  /** Each question is answered with one of these. */
  readonly pools: readonly (readonly string[])[]
  readonly aliases: readonly string[]
  /** Seconds. */
  readonly ttl: number
  readonly rtt: number
  readonly tls: TlsServer
  /** Has IPv6 addresses as well, and speaks QUIC. */
  readonly modern: boolean
}

/** A web site with the names that its pages load from. */
export interface Site {
  readonly domain: string
  readonly own: readonly Host[]
  readonly others: readonly Host[]
}

const PROVIDERS = {
  akamai: { name: 'akamai', prefixes: ['23.32', '23.56', '104.84'], rtt: 9000 },
  cloudflare: { name: 'cloudflare', prefixes: ['104.16', '104.18', '172.67'], rtt: 8000 },
  fastly: { name: 'fastly', prefixes: ['151.101', '199.232'], rtt: 10_000 },
  google: { name: 'google', prefixes: ['142.250', '172.217', '216.58'], rtt: 12_000 },
  amazon: { name: 'amazon', prefixes: ['52.94', '18.66', '54.230', '3.160'], rtt: 22_000 },
  microsoft: { name: 'microsoft', prefixes: ['20.190', '13.107', '52.113'], rtt: 18_000 },
  apple: { name: 'apple', prefixes: ['17.253', '17.57'], rtt: 16_000 },
  hosterDe: { name: 'hoster-de', prefixes: ['85.13', '78.46', '88.198'], rtt: 14_000 },
  hosterFr: { name: 'hoster-fr', prefixes: ['51.38', '91.121'], rtt: 19_000 },
  hosterUs: { name: 'hoster-us', prefixes: ['69.163', '66.33'], rtt: 98_000 },
  asia: { name: 'asia', prefixes: ['47.88', '119.28'], rtt: 190_000 },
} satisfies Record<string, Provider>

type ProviderName = keyof typeof PROVIDERS

const CDN: readonly ProviderName[] = ['akamai', 'cloudflare', 'fastly', 'amazon', 'google']
const HOSTERS: readonly ProviderName[] = [
  'hosterDe',
  'hosterDe',
  'hosterFr',
  'hosterUs',
  'amazon',
  'microsoft',
]
const FIRST = `amber anchor apple arrow aspen atlas badger bamboo basil beacon birch blue bold branch
bright brook candle cedar chalk cherry cinder citrus clear clever cloud clover cobalt copper coral
crimson crystal daily delta desert dover eagle early echo elder ember family fern field finch first
forest fresh garden gentle global golden granite green harbor hazel helio honey indigo iron island
ivory jade juniper kettle lake lantern laurel lemon lilac linden local lunar maple market meadow`
const SECOND = `academy bank books box bureau cafe cars care city club craft deals desk digest doctor
farm fashion finance flow forum games gazette guide health home house hub jobs journal kitchen lab
library life line magazine mail maps media mobile motors music network news office outdoor paper park
photo press radio report review shop sport station store studio supply tech times tools tours trade
travel video voice weather wiki works world`
const ENDINGS = ['com', 'com', 'com', 'com', 'org', 'net', 'de', 'de', 'co.uk', 'io', 'fr', 'eu']
/** Also honest people register these. */
const ODD_ENDINGS = ['top', 'click']

/** Everything outside: sites by popularity, and services by name. */
export class World {
  readonly sites: readonly Site[]
  readonly #dice: Dice
  readonly #start: number
  readonly #hosts = new Map<string, Host>()
  /** Names that many pages load from: measuring, advertisements, fonts, scripts. */
  readonly #shared: readonly Host[]

  /** `start`: µs; certificates are older than that. */
  constructor(dice: Dice, start: number, count = 320) {
    this.#dice = dice
    this.#start = start
    const names = makeNames(dice, count)
    this.#shared = ['cdn', 'fonts', 'metrics', 'ads', 'tags', 'static', 'img', 'api'].flatMap(
      (kind, at) =>
        Array.from({ length: 6 }, (_, i) =>
          this.host(`${kind}${i || ''}.${names[at * 6 + i]}`, dice.pick(CDN), true),
        ),
    )
    this.sites = names.slice(48).map(domain => this.#site(domain))
  }

  /** The host of this name; made with this provider when it is new. */
  host(name: string, provider: ProviderName = 'amazon', modern = false, tls?: TlsServer): Host {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const made = this.#make(name, provider, modern, tls)
    this.#hosts.set(name, made)
    return made
  }

  /** A TLS 1.2 server's certificates by an authority that people trust. */
  certified(name: string, days = 90): TlsServer {
    const dice = this.#dice.fork(`certificate ${name}`)
    const start = this.#start / 1000 - dice.int(5, Math.min(60, days - 20)) * 86_400_000
    const leaf = {
      subject: name,
      issuer: 'Northern Trust Services DV CA 3',
      names: [name],
      serial: dice.int(4096, 65_535),
      notBefore: utcTime(start),
      notAfter: utcTime(start + days * 86_400_000),
    }
    return { version: '1.2', chain: [leaf, AUTHORITY] }
  }

  #site(domain: string): Site {
    const dice = this.#dice
    const provider = dice.chance(0.45) ? dice.pick(CDN) : dice.pick(HOSTERS)
    const behind = CDN.includes(provider)
    const labels = dice
      .shuffled(['static', 'img', 'api', 'assets', 'media'])
      .slice(0, dice.int(0, 3))
    const legacy = !behind && dice.chance(0.25) ? this.certified(`www.${domain}`) : undefined
    const own = [`www.${domain}`, ...labels.map(label => `${label}.${domain}`)].map((name, at) =>
      this.host(name, provider, behind, at === 0 ? legacy : undefined),
    )
    const count = dice.int(3, 15)
    const others = Array.from({ length: count }, () => this.#shared[dice.zipf(this.#shared.length)])
    return { domain, own, others: [...new Set(others)].filter(host => host !== undefined) }
  }

  #make(name: string, provider: ProviderName, modern: boolean, tls?: TlsServer): Host {
    // Of its own, so that nothing depends on who asks first.
    const dice = this.#dice.fork(name)
    const { prefixes, rtt } = PROVIDERS[provider]
    const spread = CDN.includes(provider)
    const prefix = dice.pick(prefixes)
    const net = `${prefix}.${dice.int(1, 250)}`
    const variants = spread ? dice.int(3, 8) : 1
    const size = spread ? dice.int(1, 3) : 1
    const pools = Array.from({ length: variants }, () =>
      Array.from({ length: size }, () => `${net}.${dice.int(2, 250)}`),
    )
    return {
      name,
      domain: registrable(name),
      pools,
      aliases: aliases(name, provider, dice),
      ttl: spread ? dice.pick([30, 60, 120, 300, 300]) : dice.pick([300, 600, 3600, 3600]),
      rtt: Math.round(dice.around(rtt, 0.3)),
      tls: tls ?? { version: '1.3', cipher: dice.pick([0x1301, 0x1302]) },
      modern: modern && dice.chance(0.7),
    }
  }
}

const AUTHORITY: CertificateOptions = {
  subject: 'Northern Trust Services DV CA 3',
  issuer: 'Northern Trust Services Root R1',
  serial: 77,
  notBefore: '200101000000Z',
  notAfter: '350101000000Z',
}

/** The answer to a question for the addresses of a host: its aliases, then one of its pools. */
export function addressRecords(host: Host, variant: number, six: boolean): DnsRecord[] {
  const chain = [host.name, ...host.aliases]
  const last = chain.at(-1) ?? host.name
  const records: DnsRecord[] = host.aliases.map((data, at) => ({
    name: chain[at] ?? host.name,
    type: 'CNAME',
    ttl: Math.max(300, host.ttl),
    data,
  }))
  const pool = host.pools[variant % host.pools.length] ?? []
  for (const address of pool) {
    const data = six
      ? `2606:4700:${address.split('.').slice(0, 2).join(':')}::${variant + 1}`
      : address
    records.push({ name: last, type: six ? 'AAAA' : 'A', ttl: host.ttl, data })
  }
  return records
}

function aliases(name: string, provider: ProviderName, dice: Dice): string[] {
  const number = dice.int(1000, 99_999)
  if (provider === 'akamai') return [`${name}.edgekey.net`, `e${number}.a.akamaiedge.net`]
  if (provider === 'fastly') return [`dualstack.${name.split('.')[0]}.map.fastly.net`]
  if (provider === 'amazon' && dice.chance(0.7)) return [`d${dice.letters(13)}.cloudfront.net`]
  return []
}

function makeNames(dice: Dice, count: number): string[] {
  const [first, second] = [FIRST.split(/\s+/), SECOND.split(/\s+/)]
  const names = new Set<string>()
  while (names.size < count) {
    const ending = names.size % 150 === 149 ? dice.pick(ODD_ENDINGS) : dice.pick(ENDINGS)
    const joint = dice.chance(0.15) ? '-' : ''
    names.add(`${dice.pick(first)}${joint}${dice.pick(second)}.${ending}`)
  }
  return [...names]
}

/** As certificates write times until 2049: 240131235959Z. */
export function utcTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T')
  return `${date.slice(2).replaceAll('-', '')}${time.slice(0, 8).replaceAll(':', '')}Z`
}

function registrable(name: string): string {
  return name
    .split('.')
    .slice(name.endsWith('.co.uk') ? -3 : -2)
    .join('.')
}
