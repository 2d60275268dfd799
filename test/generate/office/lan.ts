import { type DnsRecord, type DnsType, dns } from '../dns.ts'
import { ipv6 } from '../ip.ts'
import { arp, ethernet } from '../link.ts'
import { neighborAdvertisement, neighborSolicitation } from '../transport.ts'
import { GATEWAY } from './cast.ts'
import { type Dice } from './dice.ts'
import { type Payload, payload } from './payload.ts'
import { type Process, type Schedule } from './schedule.ts'
import { MINUTE, SECOND, type Station } from './station.ts'
import { type Medium } from './talk.ts'
import { UDP, Wire, way } from './wire.ts'
import { addressRecords, type Host, type World } from './world.ts'

export const EVERYONE = 'ff:ff:ff:ff:ff:ff'
export const DNS_PORT = 53

/** Something with an address on the link. */
export interface Neighbour {
  readonly mac: string
  readonly ip: string
}

/** The network of the office: its stations, its resolver, and the wire that all is seen on. */
export class Lan implements Medium {
  readonly wire: Wire
  readonly dice: Dice
  readonly schedule: Schedule
  readonly world: World
  readonly stations = new Map<string, Station>()
  /** Names that the gateway's resolver knows, until when. */
  readonly #cached = new Map<string, number>()
  readonly #messages = new Map<string, Payload>()
  readonly #frames = new Map<string, Uint8Array>()
  #free = 170

  constructor(parts: Pick<Lan, 'wire' | 'dice' | 'schedule' | 'world'>) {
    this.wire = parts.wire
    this.dice = parts.dice
    this.schedule = parts.schedule
    this.world = parts.world
  }

  /** The same network for an attack: nothing that it does changes what others do. */
  twin(dice: Dice): Lan {
    const { schedule, world } = this
    const twin = new Lan({ schedule, world, dice, wire: new Wire(this.wire.records, dice) })
    twin.#free = 230
    for (const [name, station] of this.stations) twin.stations.set(name, station)
    return twin
  }

  get now(): number {
    return this.schedule.now
  }

  spawn(process: Process, time = this.now): void {
    this.schedule.spawn(time, process)
  }

  station(name: string): Station {
    const found = this.stations.get(name)
    if (found === undefined) throw new RangeError(`nobody is called ${name}`)
    return found
  }

  /** Stations of some roles, in the order of the cast. */
  ofRole(...roles: readonly Station['part']['role'][]): Station[] {
    return [...this.stations.values()].filter(one => roles.includes(one.part.role))
  }

  /** An address that the DHCP server never gave before. */
  freeAddress(): string {
    return `192.168.10.${this.#free++}`
  }

  /** A frame that is sent again and again, made once. */
  repeat(key: string, make: () => Uint8Array): void {
    let frame = this.#frames.get(key)
    if (frame === undefined) {
      frame = make()
      this.#frames.set(key, frame)
    }
    this.wire.frame(frame)
  }

  /** A message that is sent again and again, made once. */
  message(key: string, make: () => Uint8Array): Payload {
    let message = this.#messages.get(key)
    if (message === undefined) {
      message = payload(make())
      this.#messages.set(key, message)
    }
    return message
  }

  /** ARP for a neighbour whose address was not used for some time. */
  *reach(station: Station, peer: Neighbour = GATEWAY): Process {
    if ((station.neighbours.get(peer.ip) ?? 0) > this.now) return
    this.ask(station, peer.ip)
    yield this.now + 180
    this.answer(peer, station)
    const { dice } = station
    station.neighbours.set(peer.ip, this.now + dice.around(12, 0.6) * MINUTE)
    yield this.now + 60
  }

  /** An ARP request. */
  ask(sender: Neighbour, target: string): void {
    this.repeat(`? ${sender.mac} ${sender.ip} ${target}`, () =>
      ethernet(
        { src: sender.mac, dst: EVERYONE, padTo: 60 },
        arp({ senderMac: sender.mac, senderIp: sender.ip, targetIp: target }),
      ),
    )
  }

  /** An ARP reply. */
  answer(sender: Neighbour, target: Neighbour): void {
    this.repeat(`! ${sender.mac} ${sender.ip} ${target.mac} ${target.ip}`, () =>
      ethernet(
        { src: sender.mac, dst: target.mac, padTo: 60 },
        arp({
          operation: 2,
          senderMac: sender.mac,
          senderIp: sender.ip,
          targetMac: target.mac,
          targetIp: target.ip,
        }),
      ),
    )
  }

  /** Neighbour discovery before a conversation in the office's own IPv6 prefix. */
  *reach6(station: Station, peer: Station): Process {
    const target = peer.ula
    if ((station.neighbours.get(target) ?? 0) > this.now) return
    this.repeat(`?6 ${station.mac} ${target}`, () =>
      ethernet(
        { src: station.mac, dst: solicitedNodeMac(target) },
        ipv6(
          { src: station.ula, dst: solicitedNode(target), hopLimit: 255 },
          neighborSolicitation({ target, sourceMac: station.mac }),
        ),
      ),
    )
    yield this.now + 210
    this.repeat(`!6 ${peer.mac} ${station.mac}`, () =>
      ethernet(
        { src: peer.mac, dst: station.mac },
        ipv6(
          { src: target, dst: station.ula, hopLimit: 255 },
          neighborAdvertisement({ target, targetMac: peer.mac, solicited: true, override: true }),
        ),
      ),
    )
    station.neighbours.set(target, this.now + station.dice.around(15, 0.5) * MINUTE)
    yield this.now + 60
  }

  /** The address of a host: remembered, or asked for. */
  *resolve(station: Station, host: Host): Generator<number, string, void> {
    const known = station.names.get(host.name)
    if (known !== undefined && known.until > this.now) return known.address
    yield* this.reach(station)
    const { dice } = station
    const variant = dice.int(0, host.pools.length - 1)
    const delay = this.#resolverDelay(host.name, host.ttl, dice)
    const { system } = station.part
    this.spawn(this.#lookup(station, host, variant, 'A', delay))
    if (system !== 'embedded') this.spawn(this.#lookup(station, host, variant, 'AAAA', delay + 200))
    if (system === 'ios' || system === 'macos')
      this.spawn(this.#lookup(station, host, variant, 'HTTPS', delay + 300))
    yield this.now + delay + 500
    const pool = host.pools[variant] ?? []
    const address = pool[0] ?? '192.0.2.1'
    // Clients keep an answer for at least a minute.
    const until = this.now + Math.max(host.ttl, 60) * SECOND
    station.names.set(host.name, { address, until })
    return address
  }

  *#lookup(
    station: Station,
    host: Host,
    variant: number,
    type: 'A' | 'AAAA' | 'HTTPS',
    delay: number,
  ): Process {
    const some = type === 'A' || (type === 'AAAA' && host.modern)
    const answer = this.message(`${host.name} ${type} ${variant}`, () => {
      const answers = some ? addressRecords(host, variant, type === 'AAAA') : []
      return reply(host.name, type, answers, { domain: host.domain })
    })
    yield* this.question(station, host.name, type, answer, delay)
  }

  /** A question to the gateway, and its answer `delay` µs later; both messages have the id 0. */
  *question(
    station: Station,
    name: string,
    type: DnsType,
    answer: Payload,
    delay: number,
  ): Process {
    const query = this.message(`${name} ${type}?`, () =>
      dns({ id: 0, questions: [{ name, type }] }),
    )
    const id = station.dice.int(0, 0xffff)
    const [client, server] = [station.end(), { ...GATEWAY, port: DNS_PORT }]
    this.wire.udp(way(client, server, UDP), query, id)
    yield this.now + delay
    this.wire.udp(way(server, client, UDP), answer, id)
  }

  /** A question for a name that does not exist. */
  *fail(station: Station, name: string, domain = ''): Process {
    yield* this.reach(station)
    for (const type of ['A', 'AAAA'] as const) {
      const answer = this.message(`${name} ${type} none`, () =>
        reply(name, type, [], { domain, rcode: 3 }),
      )
      const delay = this.#resolverDelay(name, 60, station.dice)
      this.spawn(this.question(station, name, type, answer, delay))
    }
  }

  #resolverDelay(name: string, ttl: number, dice: Dice): number {
    const known = this.#cached.get(name) ?? 0
    if (known > this.now) return dice.int(350, 900)
    if (this.#cached.size > 20_000) this.#cached.clear()
    this.#cached.set(name, this.now + ttl * SECOND)
    return dice.int(9000, 38_000)
  }
}

/** An answer of the resolver with the id 0; without records it names the zone's authority. */
export function reply(
  name: string,
  type: DnsType,
  answers: readonly DnsRecord[],
  { domain = '', rcode = 0 } = {},
): Uint8Array {
  const zone = domain === '' ? '.' : domain
  const authority: DnsRecord = {
    name: zone,
    type: 'SOA',
    ttl: 300,
    data: [`ns1.${domain || 'root-servers.net'}`, `hostmaster.${domain || 'root-servers.net'}`],
  }
  const empty = !answers.some(record => record.type === type)
  return dns({
    id: 0,
    response: true,
    rcode,
    questions: [{ name, type }],
    answers,
    ...(empty && { authorities: [authority] }),
  })
}

export function solicitedNode(address: string): string {
  const [seventh = '0', eighth = '0'] = address.split(':').slice(-2)
  const low = Number.parseInt(seventh, 16) & 0xff
  return `ff02::1:ff${low.toString(16).padStart(2, '0')}:${eighth}`
}

export function solicitedNodeMac(address: string): string {
  const [seventh = '0', eighth = '0'] = address.split(':').slice(-2)
  const bytes = (Number.parseInt(seventh, 16) & 0xff) * 65_536 + Number.parseInt(eighth, 16)
  const digits = bytes.toString(16).padStart(6, '0')
  return `33:33:ff:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`
}
