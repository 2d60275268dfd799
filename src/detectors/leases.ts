import { IpAddress } from '../decode/address.ts'
import { MacAddress } from '../decode/mac.ts'
import { type Packet } from '../decode/packet.ts'
import { type DhcpMessage } from '../protocols/dhcp-ecs.ts'
import { Bounded, type Kept } from './bounded.ts'
import { addressKey, linkKey, macKey } from './keys.ts'

interface Wish extends Kept {
  readonly mac: number
}

/** µs in which a client that asked for an address may begin to use it. */
const recent = 60e6
const mostRouters = 256

/** What DHCP says about who may use which address. */
export class Leases {
  readonly #wishes: Bounded<Wish>
  readonly #routers = new Set<string>()

  constructor(limit: number) {
    this.#wishes = new Bounded({ limit, idle: () => recent })
  }

  /** Clients' wishes for which there was no room. */
  get refused(): number {
    return this.#wishes.refused
  }

  /** Calls `give` for each address that a server gives to a client, routers' addresses excepted. */
  take(
    { packet, message }: { readonly packet: Packet; readonly message: DhcpMessage },
    give: (key: number, high: number, low: number) => void,
  ): void {
    if (message.action === 'dhcp-ack') this.#learnRouters(message)
    const mac = MacAddress.parse(message.clientMac ?? '')
    if (mac === undefined) return
    const isGift = message.action === 'dhcp-ack' || message.action === 'dhcp-reply'
    for (const address of addressesOf(message)) {
      const parsed = IpAddress.parse(address)
      if (parsed === undefined) continue
      const { family, word0, word1, word2, word3 } = parsed
      const key = linkKey(packet, addressKey(family, word0, word1, word2, word3))
      if (!message.fromServer) {
        const wish = { mac: macKey(mac.high, mac.low), last: packet.time }
        this.#wishes.add(key, wish, packet.time)
      } else if (isGift && !this.#routers.has(address)) give(key, mac.high, mac.low)
    }
  }

  /** Whether this MAC asked for the address (a `linkKey`) a moment ago. */
  asked(key: number, high: number, low: number, time: number): boolean {
    return this.#wishes.get(key, time)?.mac === macKey(high, low)
  }

  /** Whether servers tell their clients to route by this address. */
  isRouter(address: string): boolean {
    return this.#routers.has(address)
  }

  advance(time: number): void {
    this.#wishes.advance(time)
  }

  #learnRouters(message: DhcpMessage): void {
    if (message.version !== 4) return
    for (const router of message.routers ?? []) {
      if (this.#routers.size < mostRouters) this.#routers.add(router)
    }
  }
}

function addressesOf(message: DhcpMessage): readonly string[] {
  if (message.version === 6) return message.addresses ?? []
  const address = message.fromServer ? message.assignedIp : message.requestedIp
  const known = address ?? message.clientIp
  return known === undefined ? [] : [known]
}
