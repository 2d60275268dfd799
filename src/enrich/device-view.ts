import { isoTime } from '../decode/clock.ts'
import { transportName } from '../decode/protocol.ts'
import { type Device } from './device.ts'
import { Facts } from './facts.ts'
import { type Profile } from './profile.ts'
import { type Role, rolesOf } from './roles.ts'
import { serviceName } from './service.ts'
import { isLocallyAdministered, vendor } from './vendor.ts'

/** A device as people and programs read it; times as ISO 8601, texts as the network said them. */
export interface DeviceView {
  readonly id: string
  readonly names: readonly { readonly name: string; readonly source: string }[]
  readonly addresses: readonly {
    readonly ip: string
    readonly first_seen: string
    readonly last_seen: string
  }[]
  readonly cards: readonly {
    readonly mac: string
    readonly vendor?: string
    readonly randomised: boolean
    readonly first_seen: string
    readonly last_seen: string
  }[]
  readonly roles: readonly Role[]
  readonly services: readonly {
    readonly port: number
    readonly transport: string
    readonly name?: string
    readonly last_seen: string
  }[]
  readonly peers: readonly {
    readonly peer: string
    readonly conversations: number
    readonly bytes: number
    readonly last_seen: string
  }[]
  readonly announced: readonly string[]
  readonly user_agents: readonly string[]
  readonly ja4: readonly string[]
  readonly dhcp: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly note?: string
  readonly interface: string
  readonly vlan: number
  readonly self: boolean
  readonly first_seen: string
  readonly last_seen: string
}

/** Which devices are wanted. */
export interface DeviceQuery {
  /** Each must be part of a name, address, MAC, maker, role, tag or the id; case does not count. */
  readonly words?: readonly string[]
  readonly tag?: string
  readonly role?: string
}

const none = new Facts()

/** The devices that a query wants, each once, those first seen last at the end. */
export function* deviceViews(
  cards: Iterable<Device>,
  query: DeviceQuery = {},
): IterableIterator<DeviceView> {
  for (const card of cards) {
    if (card.profile.cards[0] !== card) continue
    const view = viewOf(card.profile)
    if (isWanted(view, query)) yield view
  }
}

export function viewOf(profile: Profile): DeviceView {
  const { cards } = profile
  const facts = profile.peek() ?? none
  const [first] = cards
  return {
    id: profile.id,
    names: facts.names
      .toSorted((a, b) => b.last - a.last)
      .map(({ name, source }) => ({ name, source })),
    addresses: cards.flatMap(addressesOf).toSorted((a, b) => (a.last_seen < b.last_seen ? 1 : -1)),
    cards: cards.map(cardOf),
    roles: rolesOf(facts),
    services: facts.services
      .toSorted((a, b) => a.protocol - b.protocol || a.port - b.port)
      .map(({ protocol, port, last }) => ({
        port,
        transport: transportName(protocol) ?? String(protocol),
        ...optional('name', serviceName(protocol, port)),
        last_seen: isoTime(last),
      })),
    peers: facts.peers
      .toSorted((a, b) => b.conversations - a.conversations)
      .map(({ last, ...peer }) => ({ ...peer, last_seen: isoTime(last) })),
    announced: facts.announced,
    user_agents: facts.agents,
    ja4: facts.ja4,
    dhcp: dhcpOf(facts),
    tags: facts.tags,
    ...optional('note', facts.note),
    interface: first?.interface ?? '',
    vlan: first?.vlan ?? 0,
    self: cards.some(card => card.self),
    first_seen: isoTime(profile.firstSeen),
    last_seen: isoTime(profile.lastSeen),
  }
}

function addressesOf(card: Device): DeviceView['addresses'][number][] {
  const { ips } = card
  return card.addresses.flatMap(({ first, last, lost }, index) => {
    const ip = ips[index]
    if (ip === undefined || lost) return []
    return [{ ip, first_seen: isoTime(first), last_seen: isoTime(last) }]
  })
}

function cardOf({ high, low, mac, firstSeen, lastSeen }: Device): DeviceView['cards'][number] {
  return {
    mac,
    ...optional('vendor', vendor(high, low)),
    randomised: isLocallyAdministered(high),
    first_seen: isoTime(firstSeen),
    last_seen: isoTime(lastSeen),
  }
}

function dhcpOf({ clientId, fingerprint, vendorClass, duid }: Facts): Record<string, string> {
  return {
    ...optional('client_id', clientId),
    ...optional('parameter_list', fingerprint),
    ...optional('vendor_class', vendorClass),
    ...optional('duid', duid),
  }
}

function optional<K extends string>(key: K, value: string | undefined) {
  return (value === undefined ? {} : { [key]: value }) as { readonly [_ in K]?: string }
}

function isWanted(view: DeviceView, { words = [], tag, role }: DeviceQuery): boolean {
  if (tag !== undefined && !view.tags.includes(tag)) return false
  if (role !== undefined && !view.roles.some(one => one.role === role)) return false
  if (words.length === 0) return true
  const texts = textsOf(view).map(text => text.toLowerCase())
  return words.every(word => {
    const wanted = [word.toLowerCase(), word.toLowerCase().replaceAll(':', '-')]
    return texts.some(text => wanted.some(one => text.includes(one)))
  })
}

function textsOf(view: DeviceView): string[] {
  return [
    view.id,
    ...view.names.map(({ name }) => name),
    ...view.addresses.map(({ ip }) => ip),
    ...view.cards.flatMap(({ mac, vendor: maker = '' }) => [mac, maker]),
    ...view.roles.map(({ role }) => role),
    ...view.tags,
  ]
}
