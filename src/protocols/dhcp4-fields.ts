import { ipv4, mac } from './address.ts'
import { Cursor } from './cursor.ts'
import { type OptionMap } from './dhcp4-options.ts'
import { DnsNames } from './dns-name.ts'
import { hex, label } from './text.ts'

/** What options and address fields say, one field each. */
export interface Dhcp4OptionFields {
  readonly clientMac?: string
  /** The address the client uses already. */
  readonly clientIp?: string
  /** The address the server gives: `yiaddr`. */
  readonly assignedIp?: string
  readonly nextServerIp?: string
  readonly relayIp?: string
  readonly serverName?: string
  readonly bootFile?: string
  readonly requestedIp?: string
  /** Option 54. */
  readonly serverIp?: string
  readonly hostname?: string
  readonly fqdn?: string
  readonly domain?: string
  readonly vendorClass?: string
  readonly userClass?: string
  /** A MAC when option 61 holds one, text when its type is 0, else hexadecimal with the type. */
  readonly clientId?: string
  /** Codes of option 55 in order, with commas: tells operating systems apart. */
  readonly parameterList?: string
  /** Seconds. */
  readonly leaseTime?: number
  readonly maxSize?: number
  readonly message?: string
  readonly subnetMask?: string
  readonly routers?: readonly string[]
  readonly dnsServers?: readonly string[]
  /** Sub-options of the relay agent (RFC 3046): text where they are text, else hexadecimal. */
  readonly circuitId?: string
  readonly remoteId?: string
  readonly captivePortal?: string
  readonly proxyScript?: string
  readonly mudUrl?: string
}

export type Dhcp4Draft = { -readonly [K in keyof Dhcp4OptionFields]: Dhcp4OptionFields[K] }

const MAX_TEXT = 512
const MAX_ADDRESSES = 16
const TEXTS = [
  [12, 'hostname'],
  [15, 'domain'],
  [56, 'message'],
  [60, 'vendorClass'],
  [66, 'serverName'], // RFC 2132 9.4, 9.5: where the fields of that name hold options
  [67, 'bootFile'],
  [114, 'captivePortal'],
  [161, 'mudUrl'],
  [252, 'proxyScript'],
] as const
const ADDRESSES = [
  [1, 'subnetMask'],
  [50, 'requestedIp'],
  [54, 'serverIp'],
] as const
const ADDRESS_LISTS = [
  [3, 'routers'],
  [6, 'dnsServers'],
] as const

/** Fills `draft` from the options; one of a wrong length is left out. */
export function addOptions(draft: Dhcp4Draft, options: OptionMap): void {
  for (const [code, name] of TEXTS) {
    const text = textOf(options.get(code))
    if (text !== undefined) draft[name] = text
  }
  for (const [code, name] of ADDRESSES) {
    const data = options.get(code)
    if (data?.length === 4) draft[name] = ipv4(data, 0)
  }
  for (const [code, name] of ADDRESS_LISTS) {
    const list = addresses(options.get(code))
    if (list.length > 0) draft[name] = list
  }
  addNumbers(draft, options)
  addIdentity(draft, options)
  addRelay(draft, options.get(82))
}

function addNumbers(draft: Dhcp4Draft, options: OptionMap): void {
  const lease = options.get(51)
  if (lease?.length === 4) draft.leaseTime = new Cursor(lease, 0, 4).u32()
  const size = options.get(57)
  if (size?.length === 2) draft.maxSize = new Cursor(size, 0, 2).u16()
  const wanted = options.get(55)
  if (wanted !== undefined && wanted.length > 0) draft.parameterList = wanted.join(',')
}

function addIdentity(draft: Dhcp4Draft, options: OptionMap): void {
  const id = options.get(61)
  if (id !== undefined && id.length > 1) draft.clientId = clientId(id)
  const user = userClass(options.get(77))
  if (user !== undefined) draft.userClass = user
  const fqdn = fqdnOf(options.get(81))
  if (fqdn !== undefined) draft.fqdn = fqdn
}

// RFC 2132 9.14: a hardware type before an address, 0 before anything else
function clientId(data: Uint8Array): string {
  if (data[0] === 1 && data.length === 7) return mac(data, 1) ?? hex(data, 0, 7)
  return data[0] === 0 ? textOrHex(data.subarray(1)) : hex(data, 0, MAX_TEXT)
}

// RFC 3004 4: each class behind its length; Microsoft and iPXE send bare text
function userClass(data: Uint8Array | undefined): string | undefined {
  if (data === undefined) return undefined
  const input = new Cursor(data, 0, data.length)
  const classes: string[] = []
  while (input.left > 0 && !input.bad) classes.push(input.label(input.u8()))
  return input.bad ? textOf(data) : textOf(Buffer.from(classes.join(' ')))
}

// RFC 4702 2: flags, two response codes, then a name, in DNS form when flag E is set
function fqdnOf(data: Uint8Array | undefined): string | undefined {
  if (data === undefined || data.length < 4) return undefined
  if (((data[0] ?? 0) & 4) === 0) return textOf(data.subarray(3))
  return partialName(data, 3)
}

/** A name in DNS form which may lack the root label (RFC 4702 3.1). */
export function partialName(data: Uint8Array, at: number): string | undefined {
  const closed = new Uint8Array(data.length + 1)
  closed.set(data)
  const name = new DnsNames(closed, 0, closed.length).read(at)
  return name === '.' ? undefined : name
}

// RFC 3046 2.0: sub-options 1 circuit, 2 remote
function addRelay(draft: Dhcp4Draft, data: Uint8Array | undefined): void {
  if (data === undefined) return
  const input = new Cursor(data, 0, data.length)
  while (input.left > 2) {
    const code = input.u8()
    const from = input.take(input.u8())
    if (input.bad) return
    const text = textOrHex(data.subarray(from, input.at))
    if (code === 1) draft.circuitId = text
    if (code === 2) draft.remoteId = text
  }
}

function addresses(data: Uint8Array | undefined): string[] {
  const list: string[] = []
  if (data === undefined || data.length % 4 !== 0) return list
  for (let at = 0; at < data.length && list.length < MAX_ADDRESSES; at += 4) {
    list.push(ipv4(data, at))
  }
  return list
}

function textOf(data: Uint8Array | undefined): string | undefined {
  if (data === undefined) return undefined
  const text = label(data, 0, Math.min(data.length, MAX_TEXT))
  return text === '' ? undefined : text
}

/** Text when every octet is printable ASCII, else hexadecimal. */
export function textOrHex(data: Uint8Array): string {
  const shown = data.subarray(0, MAX_TEXT)
  const printable = shown.every(octet => octet > 31 && octet < 127)
  return printable ? label(shown, 0, shown.length) : hex(shown, 0, shown.length)
}
