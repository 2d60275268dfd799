import { MacAddress } from '../decode/mac.ts'
import { type Devices } from '../enrich/devices.ts'
import { type DhcpEvent } from '../protocols/dhcp-events.ts'
import { Bounded } from './bounded.ts'
import { macKey } from './keys.ts'
import { Spread } from './spread.ts'
import { textKey } from './text-hash.ts'

/** Who asks for more than one client's share. */
export type Greed =
  | { readonly kind: 'starvation'; readonly sender: string | undefined; readonly spread: Spread }
  | { readonly kind: 'scan'; readonly client: string; readonly spread: Spread }

export interface ClientLimits {
  /** Clients nobody has seen before, in a minute. */
  readonly clients: number
  /** Addresses that one client asks for. */
  readonly addresses: number
}

const minute = 60e6
const scanTime = 600e6

/** What DHCP clients ask for. */
export class DhcpClients {
  readonly #limits: ClientLimits
  readonly #devices: Devices
  /** New clients by the card that the frames came from, and by link, whoever sent them. */
  readonly #senders = new Bounded<Spread>({ limit: 1024, idle: () => minute })
  readonly #links = new Bounded<Spread>({ limit: 1024, idle: () => minute })
  readonly #wishes = new Bounded<Spread>({ limit: 4096, idle: () => scanTime })

  constructor(limits: ClientLimits, devices: Devices) {
    this.#limits = limits
    this.#devices = devices
  }

  get refused(): number {
    return this.#senders.refused + this.#links.refused + this.#wishes.refused
  }

  advance(time: number): void {
    for (const table of [this.#senders, this.#links, this.#wishes]) table.advance(time)
  }

  /** Takes a client's message; what is too much about it. */
  take(event: DhcpEvent): Greed | undefined {
    const { message } = event
    const mac = MacAddress.parse(message.clientMac ?? '')
    const id = textKey(`${message.clientMac ?? ''} ${message.clientId ?? ''}`)
    return this.#scan(event, id) ?? this.#starve(event, mac, id)
  }

  #starve(
    { packet, message }: DhcpEvent,
    mac: MacAddress | undefined,
    id: number,
  ): Greed | undefined {
    if (!asksAnew.has(message.action)) return undefined
    // After a power cut all devices ask at once, but they are known.
    const { clients } = this.#limits
    const { time, ifindex, vlan } = packet
    const device = mac && this.#devices.get(mac.high, mac.low)
    if (device !== undefined && time - device.firstSeen > minute) return undefined
    const relayed =
      message.version === 4 ? message.relayIp !== undefined : message.relays.length > 0
    if (packet.onLink && !relayed) {
      const card = macKey(packet.sourceMacHigh, packet.sourceMacLow)
      const spread = spreadOf(this.#senders, card, time, minute)
      spread?.add(id, time, minute)
      // One card is one client: a few more may be a hypervisor's.
      if (spread?.crosses(clients / 2, clients) && spread.isNews()) {
        return { kind: 'starvation', sender: packet.sourceMac, spread }
      }
    }
    const link = spreadOf(this.#links, ifindex * 4096 + vlan, time, minute)
    link?.add(id, time, minute)
    if (!link?.crosses(clients, clients) || !link.isNews()) return undefined
    return { kind: 'starvation', sender: undefined, spread: link }
  }

  #scan({ packet, message }: DhcpEvent, id: number): Greed | undefined {
    const wish = message.version === 4 ? message.requestedIp : message.addresses?.[0]
    if (wish === undefined || message.clientMac === undefined) return undefined
    const spread = spreadOf(this.#wishes, id, packet.time, scanTime)
    if (!spread?.add(textKey(wish), packet.time, scanTime)) return undefined
    const { addresses } = this.#limits
    if (!spread.crosses(addresses, addresses) || !spread.isNews()) return undefined
    return { kind: 'scan', client: message.clientMac, spread }
  }
}

const asksAnew = new Set(['dhcp-discover', 'dhcp-request', 'dhcp-solicit', 'bootp-request'])

/** The spread of a key, a fresh one when the old one is over its time. */
function spreadOf(
  table: Bounded<Spread>,
  key: number,
  time: number,
  window: number,
): Spread | undefined {
  const known = table.get(key, time)
  if (known !== undefined && time - known.start <= window) return known
  const spread = new Spread(time)
  return table.add(key, spread, time) ? spread : undefined
}
