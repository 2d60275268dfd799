import { type DhcpMessage } from './dhcp-ecs.ts'

/** One client's exchange with the servers of its link, as far as it was seen. */
export interface DhcpExchange {
  readonly transactionId: string
  /** MAC, else client id, else ''. */
  readonly client: string
  /** µs: the first message of the client. */
  readonly started: number
  /** Addresses that answered, in order: the sender of each server message, relays taken as they are. */
  readonly servers: readonly string[]
  /** The server (option 54, or DUID) whose offer the client took. */
  readonly chosen?: string
  /** ns from the client's last message to the answer just taken. */
  readonly rtt?: number
}

interface Open {
  transactionId: string
  client: string
  started: number
  asked: number
  servers: string[]
  chosen: string | undefined
}

export interface DhcpMatcherCounters {
  answered: number
  /** Server messages without a client's. */
  unsolicited: number
  /** Exchanges that timed out without an answer. */
  unanswered: number
  evicted: number
}

const MAX_SERVERS = 8

/**
 * Follows DHCP transactions in packet time, so that an answer knows its question and a client's
 * exchange knows all servers that took part: a second one may be a rogue. At most `capacity`
 * exchanges for `timeout` µs each, the oldest go first.
 */
export class DhcpMatcher {
  readonly counters: DhcpMatcherCounters = {
    answered: 0,
    unsolicited: 0,
    unanswered: 0,
    evicted: 0,
  }
  readonly #open = new Map<string, Open>()
  readonly #capacity: number
  readonly #timeout: number

  constructor({ capacity = 4096, timeout = 60_000_000 } = {}) {
    this.#capacity = capacity
    this.#timeout = timeout
  }

  /** Exchanges that are followed now. */
  get size(): number {
    return this.#open.size
  }

  /** Takes a message that `sender` sent at `time` (µs); the exchange it belongs to, if known. */
  take(message: DhcpMessage, sender: string, time: number): DhcpExchange | undefined {
    this.expire(time)
    const client = message.clientMac ?? message.clientId ?? ''
    // A server need not repeat who the client is, and DHCPv6 has no field for it beside the DUID.
    const key = `${message.version} ${message.transactionId} ${message.version === 4 ? client : ''}`
    return message.fromServer
      ? this.#answer(key, message, sender, time)
      : this.#ask(key, message, client, time)
  }

  /** Ends the exchanges that are over their time at `time` (µs); called by `take` too. */
  expire(time: number): void {
    for (const [key, exchange] of this.#open) {
      if (exchange.started + this.#timeout > time) return
      this.#open.delete(key)
      if (exchange.servers.length === 0) this.counters.unanswered++
    }
  }

  #ask(key: string, message: DhcpMessage, client: string, time: number): DhcpExchange {
    let exchange = this.#open.get(key)
    if (exchange === undefined) {
      if (this.#open.size >= this.#capacity) this.#evict()
      const { transactionId } = message
      exchange = {
        transactionId,
        client,
        started: time,
        asked: time,
        servers: [],
        chosen: undefined,
      }
      this.#open.set(key, exchange)
    }
    exchange.asked = time
    exchange.chosen = chosenServer(message) ?? exchange.chosen
    return view(exchange)
  }

  #answer(
    key: string,
    message: DhcpMessage,
    sender: string,
    time: number,
  ): DhcpExchange | undefined {
    const exchange = this.#open.get(key)
    if (exchange === undefined) {
      this.counters.unsolicited++
      return undefined
    }
    this.counters.answered++
    const { servers } = exchange
    if (servers.length < MAX_SERVERS && !servers.includes(sender)) servers.push(sender)
    if (message.action === 'dhcp-ack') exchange.chosen = chosenServer(message) ?? exchange.chosen
    return { ...view(exchange), rtt: Math.max(0, Math.round((time - exchange.asked) * 1000)) }
  }

  #evict(): void {
    for (const key of this.#open.keys()) {
      this.#open.delete(key)
      this.counters.evicted++
      return
    }
  }
}

function chosenServer(message: DhcpMessage): string | undefined {
  return message.version === 4 ? message.serverIp : message.serverId
}

function view(exchange: Open): DhcpExchange {
  const { transactionId, client, started, servers, chosen } = exchange
  return {
    transactionId,
    client,
    started,
    servers: [...servers],
    ...(chosen !== undefined && { chosen }),
  }
}
