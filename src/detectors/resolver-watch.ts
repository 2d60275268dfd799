import { type Packet } from '../decode/packet.ts'
import { hostName } from '../enrich/host-name.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { type QuicEvent } from '../protocols/quic-events.ts'
import { type TlsEvent } from '../protocols/tls-events.ts'
import { type ClientHello } from '../protocols/tls-hello.ts'
import { Bounded, type Kept, remember } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { type HabitFacts, Habits } from './habit.ts'
import { hundredths } from './hundredths.ts'
import * as keys from './keys.ts'
import { isResolverName } from './resolver-name.ts'
import { directionOf, sourceKey } from './source.ts'
import { textKey } from './text-hash.ts'

/** What speaks for a resolver, and what each is worth alone, 0 to 1. */
const weights = {
  'offers-dns': 0.7,
  designated: 0.65,
  'answers-plain-dns': 0.6,
  'dns-port': 0.5,
  'resolver-name': 0.4,
  'no-names': 0.4,
} as const
type Reason = keyof typeof weights

interface Client extends Kept {
  /** Plain answers that it got. */
  answers: number
  /** Its last twenty handshakes, a bit each: whether it never resolved the name. */
  recent: number
  handshakes: number
}

interface Limits {
  readonly score: number
  /** µs. */
  readonly learning: number
  readonly limit: number
}

const day = 86_400e6
const window = 20
const least = { answers: 20, unresolved: 16 }
const port = { dns: 53, https: 443, secure: 853 }
const recursion = 0x0080
const typeSvcb = 64

/** Who answers questions, who asks them in the open, and who connects to whom in secret. */
export class ResolverWatch {
  readonly #limits: Limits
  readonly #context: DetectorContext
  readonly #habits: Habits
  /** Addresses outside that answered a plain question, and names that are said to be resolvers. */
  readonly #resolvers: Bounded<Kept>
  readonly #designated: Bounded<Kept>
  /** Our own resolvers: these may ask whom they like. */
  readonly #servers: Bounded<Kept>
  readonly #clients: Bounded<Client>
  #started = false

  constructor(limits: Limits, context: DetectorContext) {
    const { limit, learning } = limits
    this.#limits = limits
    this.#context = context
    this.#habits = new Habits(context.baselines, { name: 'encrypted-dns', learning })
    this.#resolvers = new Bounded({ limit, idle: () => 7 * day })
    this.#designated = new Bounded({ limit: 1024, idle: () => 7 * day })
    this.#servers = new Bounded({ limit: 4096, idle: () => 7 * day })
    const idle = ({ answers }: Client, crowded: boolean) =>
      crowded && answers < least.answers ? day / 24 : 7 * day
    this.#clients = new Bounded({ limit, idle })
  }

  get counts() {
    const tables = [this.#resolvers, this.#designated, this.#servers, this.#clients]
    const refused = tables.reduce((sum, table) => sum + table.refused, 0)
    return { clients: this.#clients.size, resolvers: this.#resolvers.size, refused }
  }

  advance(time: number): void {
    this.#resolvers.advance(time)
    this.#designated.advance(time)
    this.#servers.advance(time)
    this.#clients.advance(time)
  }

  /** An answer shows who answers, and who asks in the open. */
  dns({ message, packet }: DnsEvent): void {
    if (!message.isResponse || message.dialect !== 'dns' || !packet.fromResponder) return
    if (packet.destinationPort !== port.dns) return
    const { time } = packet
    const direction = directionOf(this.#context.home(), packet)
    const server = keys.destinationKey(packet)
    // RFC 1035 4.1.1: who has no recursion to offer answers for his own zones only.
    if ((message.flags & recursion) === 0) return
    if (direction === 'internal') remember(this.#servers, server, time)
    else if (direction === 'outbound') remember(this.#resolvers, server, time)
    if (message.responseCode !== 0) return
    const client = this.#client(packet)
    if (client !== undefined) client.answers++
    for (const record of message.answers) {
      if (record.type === typeSvcb) this.#designate(record.name ?? '', record.data, time)
    }
  }

  tls(event: TlsEvent): void {
    if (event.action === 'tls-client-hello') this.#hello(event, event.client?.hello, 'tls')
  }

  quic(event: QuicEvent): void {
    if (event.action === 'quic-client-hello') this.#hello(event, event.facts.clientHello, 'quic')
  }

  /** RFC 9460 2.1: priority and target; a dot is the owner itself, without its label of service. */
  #designate(owner: string, data: string, time: number): void {
    const [, target = '.'] = data.split(' ')
    const name = hostName(target === '.' ? owner.replace(/^(?:_[^.]*\.)+/, '') : target)
    if (name !== undefined) remember(this.#designated, textKey(name), time)
  }

  #hello(
    event: TlsEvent | QuicEvent,
    hello: ClientHello | undefined,
    carrier: 'tls' | 'quic',
  ): void {
    const { packet } = event
    if (!this.#started) this.#habits.started(packet.time)
    this.#started = true
    if (directionOf(this.#context.home(), packet) !== 'outbound') return
    if (this.#servers.get(keys.sourceKey(packet), packet.time) !== undefined) return
    const said = hostName(hello?.serverName)
    const resolved = this.#context.resolvedName(packet, packet.time)
    const client = this.#client(packet)
    if (client !== undefined && said !== undefined) note(client, resolved === undefined)
    const name = said ?? resolved
    const offered = offeredOf(hello)
    const reasons = this.#reasons(packet, name, offered)
    // Only of a resolver it says something that the client asks no one else.
    if (reasons.length === 0) return
    if (client !== undefined && isBlind(client)) reasons.push('no-names')
    const score = hundredths(1 - reasons.reduce((left, one) => left * (1 - weights[one]), 1))
    if (score < this.#limits.score) return
    const resolver = name ?? packet.destinationIp ?? ''
    const who = sourceKey(this.#context.devices, packet)
    const habit = this.#habits.ask(who, resolver, packet.time)
    if (habit.habit === 'old') return
    const protocol = protocolOf(packet.destinationPort, carrier, offered)
    this.#tell(event, { resolver, reasons, score, habit, protocol, client })
  }

  #reasons(packet: Packet, name: string | undefined, offered: string | undefined): Reason[] {
    const { time, destinationPort } = packet
    const reasons: Reason[] = []
    if (offered !== undefined && destinationPort !== port.secure) reasons.push('offers-dns')
    if (destinationPort === port.secure) reasons.push('dns-port')
    if (destinationPort !== port.secure && destinationPort !== port.https) return reasons
    if (this.#resolvers.get(keys.destinationKey(packet), time) !== undefined) {
      reasons.push('answers-plain-dns')
    }
    if (name === undefined) return reasons
    if (this.#designated.get(textKey(name), time) !== undefined) reasons.push('designated')
    if (isResolverName(name, domainParts(name).registered_domain)) reasons.push('resolver-name')
    return reasons
  }

  #client(packet: Packet): Client | undefined {
    const key = keys.sourceKey(packet)
    const { time } = packet
    const known = this.#clients.touch(key, time)
    if (known !== undefined) return known
    const client = { answers: 0, recent: 0, handshakes: 0, last: time }
    return this.#clients.add(key, client, time) ? client : undefined
  }

  #tell(trigger: TlsEvent | QuicEvent, found: Finding): void {
    const { resolver, reasons, score, habit, protocol, client } = found
    const { sourceIp = '', destinationPort, time } = trigger.packet
    this.#context.signal({
      name: 'encrypted-dns',
      score,
      entity: sourceIp,
      identity: [resolver, destinationPort, Math.floor(time / day)],
      message: `${sourceIp} seems to ask its names of ${resolver} in secret (${protocol}): ${reasons.join(', ')}`,
      evidence: {
        resolver,
        protocol,
        reasons,
        unresolved: ones(client?.recent ?? 0),
        habit: habit.habit,
        others: habit.others,
      },
      trigger,
    })
  }
}

interface Finding {
  readonly resolver: string
  readonly reasons: readonly Reason[]
  readonly score: number
  readonly habit: HabitFacts
  readonly protocol: string
  readonly client: Client | undefined
}

/** RFC 7858 8.2, RFC 9250 4.1.1: who wants DNS offers nothing else. */
function offeredOf(hello: ClientHello | undefined): string | undefined {
  const first = hello?.firstAlpn
  return first === 'dot' || first === 'doq' ? first : undefined
}

function protocolOf(to: number, carrier: 'tls' | 'quic', offered: string | undefined): string {
  if (offered !== undefined) return offered
  if (to !== port.secure) return 'doh'
  return carrier === 'quic' ? 'doq' : 'dot'
}

function note(client: Client, isUnresolved: boolean): void {
  client.recent = ((client.recent << 1) | Number(isUnresolved)) & (2 ** window - 1)
  client.handshakes++
}

function isBlind({ answers, recent, handshakes }: Client): boolean {
  return answers >= least.answers && handshakes >= window && ones(recent) >= least.unresolved
}

function ones(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}
