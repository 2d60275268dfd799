import { ipv6 } from './address.ts'
import {
  addOptions6,
  type Dhcp6Draft,
  type Dhcp6OptionFields,
  readOptions6,
} from './dhcp6-fields.ts'
import { hex } from './text.ts'

/** One DHCPv6 message, taken out of its relays; absent options are absent fields. */
export interface Dhcp6Message extends Dhcp6OptionFields {
  readonly version: 6
  /** `dhcp-solicit` … as in RFC 8415 7.3. */
  readonly action: string
  readonly fromServer: boolean
  /** Six hexadecimal digits. */
  readonly transactionId: string
  /** Relays around the message, outermost first: link and peer address. */
  readonly relays: readonly { readonly link: string; readonly peer: string }[]
  /** Codes of all options in order, with commas. */
  readonly optionList: string
  /** Bytes are missing behind what was read. */
  readonly cut: boolean
}

const ACTIONS = 'solicit advertise request confirm renew rebind reply release decline reconfigure \
information-request relay-forward relay-reply leasequery leasequery-reply leasequery-done \
leasequery-data reconfigure-request reconfigure-reply dhcpv4-query dhcpv4-response'.split(' ')
const SERVER_TYPES = new Set([2, 7, 10, 13, 15, 16, 17, 19, 21])
const RELAY_FORWARD = 12
const RELAY_REPLY = 13
const RELAY_HEADER = 34
const RELAY_MESSAGE = 9
// RFC 8415 7.6: HOP_COUNT_LIMIT
const MAX_RELAYS = 8

/**
 * The message in `bytes[start, end)` (RFC 8415 8, 9); undefined when it is too short or of no known
 * type. Of relayed messages the innermost is given, with what the relays add.
 */
export function decodeDhcp6(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Dhcp6Message | undefined {
  const stop = Math.min(end, bytes.length)
  const draft: Dhcp6Draft = {}
  const relays: { link: string; peer: string }[] = []
  let range: readonly [number, number] | undefined = [start, stop]
  for (let depth = 0; depth <= MAX_RELAYS && range !== undefined; depth++) {
    const [from, to] = range
    if (!isRelay(bytes[from] ?? 0)) return message(bytes, from, to, draft, relays)
    range = unwrap(bytes, from, to, draft, relays)
  }
  return undefined
}

function isRelay(type: number): boolean {
  return type === RELAY_FORWARD || type === RELAY_REPLY
}

// RFC 8415 9: type, hop count, link address, peer address, options with the message inside
function unwrap(
  bytes: Uint8Array,
  start: number,
  end: number,
  draft: Dhcp6Draft,
  relays: { link: string; peer: string }[],
): readonly [number, number] | undefined {
  if (end - start < RELAY_HEADER) return undefined
  relays.push({ link: ipv6(bytes, start + 2), peer: ipv6(bytes, start + 18) })
  const { options } = readOptions6(bytes, start + RELAY_HEADER, end)
  addOptions6(draft, bytes, options)
  return options.find(([code]) => code === RELAY_MESSAGE)?.[1]
}

function message(
  bytes: Uint8Array,
  start: number,
  end: number,
  draft: Dhcp6Draft,
  relays: readonly { link: string; peer: string }[],
): Dhcp6Message | undefined {
  const type = bytes[start] ?? 0
  const name = ACTIONS[type - 1]
  if (end - start < 4 || name === undefined) return undefined
  const { options, cut } = readOptions6(bytes, start + 4, end)
  addOptions6(draft, bytes, options)
  return {
    version: 6,
    action: `dhcp-${name}`,
    fromServer: SERVER_TYPES.has(type),
    transactionId: hex(bytes, start + 1, start + 4),
    relays,
    ...draft,
    optionList: options.map(([code]) => code).join(','),
    cut,
  }
}
