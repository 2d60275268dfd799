import { type Baseline, type BaselineStore } from '../baseline/store.ts'
import { type DhcpMessage } from '../protocols/dhcp-ecs.ts'
import { type DhcpEvent } from '../protocols/dhcp-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { textKey } from './text-hash.ts'

/** What a server tells its clients to use: those who serve one network agree on it. */
interface Told {
  routers: string
  resolvers: string
}

export interface Server extends Kept, Told {
  readonly id: string
  readonly ip: string
  readonly mac: string | undefined
  /** µs: in all the time that is remembered. */
  readonly first: number
  clients: number
  /** How strange it was when it was told of last, and when (µs). */
  told: number
  toldAt: number
}

/** An exchange that more than one server answered, or a server that is new. */
export interface Stranger {
  readonly server: Server
  /** The one that was there before, where it has spoken since the start. */
  readonly known: Server | undefined
  /** µs for which it has been known who answers on this link; undefined when nobody ever did. */
  readonly observed: number | undefined
  /** Whether both answered one client's question. */
  readonly sameQuestion: boolean
}

interface Exchange extends Kept {
  readonly servers: Server[]
}

/** µs: how long answers to one question come. */
const exchangeTime = 30e6
const mostServers = 256
const mostExchanges = 4096
const remembered = 90 * 86_400e6

/** Who answers DHCP clients, of each link and version. */
export class DhcpServers {
  readonly #servers = new Bounded<Server>({ limit: mostServers, idle: () => remembered })
  readonly #exchanges = new Bounded<Exchange>({
    limit: mostExchanges,
    idle: () => exchangeTime,
  })

  readonly #memory: Baseline

  constructor(baselines: BaselineStore) {
    this.#memory = baselines.open({
      id: 'detector.dhcp.servers',
      hash: '1',
      forgetAfter: remembered,
      limits: { entities: 4096, valuesPerEntity: 64, overflow: 'freeze' },
    })
  }

  get counts() {
    return {
      servers: this.#servers.size,
      refused: this.#servers.refused + this.#exchanges.refused,
    }
  }

  advance(time: number): void {
    this.#servers.advance(time)
    this.#exchanges.advance(time)
  }

  /** Takes a server's message; what is strange about it. */
  take({ packet, message }: DhcpEvent): Stranger | undefined {
    const ip = senderOf(message, packet.fromResponder ? packet.destinationIp : packet.sourceIp)
    if (ip === undefined) return undefined
    const { time } = packet
    const mac = packet.fromResponder ? packet.destinationMac : packet.sourceMac
    const link = `${packet.ifindex} ${packet.vlan} ${message.version}`
    const name = this.#isPosing(`${link} ${ip}`, mac, message, time) ? `${ip}/${mac}` : ip
    const id = `${link} ${name}`
    const { pair, entity } = this.#memory.observe(link, name, time)
    const server =
      this.#servers.get(textKey(id), time) ?? this.#meet(id, ip, mac, pair?.firstSeen ?? time)
    server.last = Math.max(server.last, time)
    if (isOffer(message)) server.clients++
    learn(server, message)
    const other = this.#otherOf(message, server, time)
    if (other !== undefined) {
      const [known, stranger] = server.first < other.first ? [server, other] : [other, server]
      return { server: stranger, known, observed: entity?.observed, sameQuestion: true }
    }
    if (pair !== undefined) return undefined
    return { server, known: this.#oldest(server), observed: entity?.observed, sameQuestion: false }
  }

  /**
   * Whether somebody passes for the server of that id: another card that gives other routers or
   * resolvers. Where only the card is another, a relay or a machine that stands by may have spoken.
   */
  #isPosing(id: string, mac: string | undefined, message: DhcpMessage, time: number): boolean {
    const known = this.#servers.get(textKey(id), time)
    if (known === undefined || mac === undefined || known.mac === mac) return false
    const told: Told = { routers: '', resolvers: '' }
    learn(told, message)
    return !agree(known, told)
  }

  #meet(id: string, ip: string, mac: string | undefined, first: number): Server {
    const facts = { first, last: first, clients: 0, told: 0, toldAt: 0, routers: '', resolvers: '' }
    const server = { id, ip, mac, ...facts }
    this.#servers.add(textKey(id), server, first)
    return server
  }

  /** Another server that answered the same question. */
  #otherOf(message: DhcpMessage, server: Server, time: number): Server | undefined {
    const client = message.version === 4 ? (message.clientMac ?? message.clientId ?? '') : ''
    const link = server.id.split(' ').slice(0, 3).join(' ')
    const key = textKey(`${link} ${message.transactionId} ${client}`)
    const exchange = this.#exchanges.get(key, time)
    if (exchange === undefined) {
      this.#exchanges.add(key, { servers: [server], last: time }, time)
      return undefined
    }
    const other = exchange.servers.find(({ id }) => id !== server.id)
    if (!exchange.servers.includes(server) && exchange.servers.length < 8) {
      exchange.servers.push(server)
    }
    return other
  }

  /** The server that answered last on the link of this message: the one that a flood of clients hits. */
  latest({ packet, message }: DhcpEvent): Server | undefined {
    const link = `${packet.ifindex} ${packet.vlan} ${message.version} `
    let latest: Server | undefined
    for (const server of this.#servers) {
      if (server.id.startsWith(link) && server.last >= (latest?.last ?? 0)) latest = server
    }
    return latest
  }

  /** The server of the same link and version that has been there for longest. */
  #oldest({ id }: Server): Server | undefined {
    const link = id.slice(0, id.lastIndexOf(' ') + 1)
    let oldest: Server | undefined
    for (const server of this.#servers) {
      if (server.id === id || !server.id.startsWith(link)) continue
      if (oldest === undefined || server.first < oldest.first) oldest = server
    }
    return oldest
  }
}

/** Whether two servers send their clients to the same routers and resolvers, as far as is known. */
export function agree(one: Told, other: Told): boolean {
  const same = (a: string, b: string) => a === '' || b === '' || a === b
  return same(one.routers, other.routers) && same(one.resolvers, other.resolvers)
}

/** A relay passes on what a server said, so the server's own word counts; a DUID is as good. */
function senderOf(message: DhcpMessage, sender: string | undefined): string | undefined {
  return (message.version === 4 ? message.serverIp : message.serverId) ?? sender
}

function isOffer({ action }: DhcpMessage): boolean {
  return action === 'dhcp-offer' || action === 'dhcp-ack' || action === 'dhcp-reply'
}

function learn(server: Told, message: DhcpMessage): void {
  const routers = message.version === 4 ? message.routers : undefined
  if (routers !== undefined) server.routers = [...routers].sort().join(' ')
  if (message.dnsServers !== undefined) server.resolvers = [...message.dnsServers].sort().join(' ')
}
