import { ipv6, mac } from './address.ts'
import { Cursor } from './cursor.ts'
import { partialName, textOrHex } from './dhcp4-fields.ts'
import { hex, label } from './text.ts'

/** What the options say, one field each. */
export interface Dhcp6OptionFields {
  /** Out of option 79 of a relay, else out of the DUID (then of any interface of the client). */
  readonly clientMac?: string
  /** The client's DUID, hexadecimal. */
  readonly clientId?: string
  readonly serverId?: string
  /** Addresses and prefixes (`2001:db8::/56`) in identity associations, asked for or given. */
  readonly addresses?: readonly string[]
  readonly prefixes?: readonly string[]
  /** Seconds: the longest valid lifetime given. */
  readonly leaseTime?: number
  readonly fqdn?: string
  readonly vendorClass?: string
  /** IANA enterprise number of the vendor class. */
  readonly enterprise?: number
  readonly userClass?: string
  /** Codes of option 6 in order, with commas. */
  readonly parameterList?: string
  readonly status?: number
  readonly statusMessage?: string
  readonly rapidCommit?: true
  readonly dnsServers?: readonly string[]
  readonly circuitId?: string
  readonly remoteId?: string
  readonly mudUrl?: string
}

export type Dhcp6Draft = { -readonly [K in keyof Dhcp6OptionFields]: Dhcp6OptionFields[K] }

/** Code, first octet and end of an option. */
export type Option6 = readonly [code: number, range: readonly [from: number, to: number]]

type Reader = (draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number) => void

const MAX_OPTIONS = 64
const MAX_ADDRESSES = 32
const MAX_TEXT = 512
const MAX_DUID = 130

const readers = new Map<number, Reader>([
  [1, clientDuid],
  [2, put('serverId', (bytes, from, to) => hex(bytes, from, cap(from, to, MAX_DUID)))],
  [3, (draft, bytes, from, to) => association(draft, bytes, from + 12, to)],
  [4, (draft, bytes, from, to) => association(draft, bytes, from + 4, to)],
  [25, (draft, bytes, from, to) => association(draft, bytes, from + 12, to)],
  [5, address],
  [26, prefix],
  [6, parameters],
  [13, status],
  [14, rapidCommit],
  [15, userClass],
  [16, vendorClass],
  [18, put('circuitId', (bytes, from, to) => textOrHex(bytes.subarray(from, to)))],
  [23, dnsServers],
  // RFC 4649 3: behind the enterprise number
  [37, put('remoteId', (bytes, from, to) => textOrHex(bytes.subarray(Math.min(from + 4, to), to)))],
  [39, fqdn],
  [79, linkLayer],
  [112, put('mudUrl', (bytes, from, to) => label(bytes, from, cap(from, to, MAX_TEXT)))],
])

/** Fills `draft` from options that `readOptions6` found; those of a wrong length are left out. */
export function addOptions6(
  draft: Dhcp6Draft,
  bytes: Uint8Array,
  options: readonly Option6[],
): void {
  for (const [code, [from, to]] of options) readers.get(code)?.(draft, bytes, from, to)
}

/** Code and range of each option (RFC 8415 21.1), the first 64; the last one may be cut. */
export function readOptions6(
  bytes: Uint8Array,
  start: number,
  end: number,
): { options: Option6[]; cut: boolean } {
  const input = new Cursor(bytes, start, end)
  const options: Option6[] = []
  while (input.left >= 4 && options.length < MAX_OPTIONS) {
    const code = input.u16()
    const length = input.u16()
    const from = input.at
    input.take(length)
    options.push([code, [from, input.at]])
  }
  return { options, cut: input.bad || (input.left > 0 && options.length < MAX_OPTIONS) }
}

// RFC 8415 11: type 1 is a link-layer address with a time, 3 without
function clientDuid(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  if (to > from) draft.clientId = hex(bytes, from, cap(from, to, MAX_DUID))
  const input = new Cursor(bytes, from, to)
  const type = input.u16()
  const hardware = input.u16()
  if (type === 1) input.u32()
  if ((type !== 1 && type !== 3) || hardware !== 1 || input.left !== 6) return
  if (draft.clientMac === undefined) setMac(draft, bytes, input.at)
}

// RFC 6939 4: hardware type, address
function linkLayer(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const input = new Cursor(bytes, from, to)
  if (input.u16() === 1 && input.left === 6) setMac(draft, bytes, input.at)
}

function setMac(draft: Dhcp6Draft, bytes: Uint8Array, at: number): void {
  const address = mac(bytes, at)
  if (address !== undefined) draft.clientMac = address
}

function put(
  name: 'serverId' | 'circuitId' | 'remoteId' | 'mudUrl',
  read: (bytes: Uint8Array, from: number, to: number) => string,
): Reader {
  return (draft, bytes, from, to) => {
    const text = read(bytes, from, to)
    if (text !== '') draft[name] = text
  }
}

function rapidCommit(draft: Dhcp6Draft): void {
  draft.rapidCommit = true
}

function association(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const { options } = readOptions6(bytes, from, to)
  // Associations do not nest: an option 3 in here would, and is passed over.
  for (const [code, [start, end]] of options) {
    if (code === 5) address(draft, bytes, start, end)
    if (code === 26) prefix(draft, bytes, start, end)
    if (code === 13) status(draft, bytes, start, end)
  }
}

// RFC 8415 21.6: address, preferred and valid lifetime
function address(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const known = draft.addresses ?? []
  if (to - from < 24 || known.length >= MAX_ADDRESSES) return
  draft.addresses = [...known, ipv6(bytes, from)]
  lease(draft, new Cursor(bytes, from + 20, to).u32())
}

// RFC 8415 21.22: preferred and valid lifetime, length, prefix
function prefix(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const known = draft.prefixes ?? []
  if (to - from < 25 || known.length >= MAX_ADDRESSES) return
  draft.prefixes = [...known, `${ipv6(bytes, from + 9)}/${bytes[from + 8] ?? 0}`]
  lease(draft, new Cursor(bytes, from + 4, to).u32())
}

function lease(draft: Dhcp6Draft, seconds: number): void {
  if (seconds > 0) draft.leaseTime = Math.max(draft.leaseTime ?? 0, seconds)
}

function parameters(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const input = new Cursor(bytes, from, Math.min(to, from + 2 * MAX_OPTIONS))
  const codes: number[] = []
  while (input.left >= 2) codes.push(input.u16())
  if (codes.length > 0) draft.parameterList = codes.join(',')
}

function status(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  if (to - from < 2) return
  draft.status = new Cursor(bytes, from, to).u16()
  const text = label(bytes, from + 2, cap(from, to, MAX_TEXT))
  if (text !== '') draft.statusMessage = text
}

function userClass(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const text = strings(new Cursor(bytes, from, cap(from, to, MAX_TEXT)))
  if (text !== '') draft.userClass = text
}

function vendorClass(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const input = new Cursor(bytes, from, cap(from, to, MAX_TEXT))
  const enterprise = input.u32()
  if (input.bad) return
  draft.enterprise = enterprise
  const text = strings(input)
  if (text !== '') draft.vendorClass = text
}

// RFC 8415 21.15, 21.16: each behind two octets of length
function strings(input: Cursor): string {
  const found: string[] = []
  while (input.left >= 2 && !input.bad) found.push(input.label(input.u16()))
  return found.join(' ').trim()
}

function dnsServers(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const servers: string[] = []
  for (let at = from; at + 16 <= to && servers.length < MAX_ADDRESSES; at += 16) {
    servers.push(ipv6(bytes, at))
  }
  if (servers.length > 0) draft.dnsServers = servers
}

// RFC 4704 4: flags, then a name in DNS form which may be partial
function fqdn(draft: Dhcp6Draft, bytes: Uint8Array, from: number, to: number): void {
  const name = partialName(bytes.subarray(from, cap(from, to, 256)), 1)
  if (name !== undefined) draft.fqdn = name
}

function cap(from: number, to: number, most: number): number {
  return Math.min(to, from + most)
}
