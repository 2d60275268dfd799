import { ipv4, isUnspecified, mac } from './address.ts'
import { Cursor } from './cursor.ts'
import { addOptions, type Dhcp4Draft, type Dhcp4OptionFields } from './dhcp4-fields.ts'
import { type OptionMap, readOptions } from './dhcp4-options.ts'
import { hex, label } from './text.ts'

/** One DHCPv4 or BOOTP message; absent options are absent fields. Addresses are dotted decimal. */
export interface Dhcp4Message extends Dhcp4OptionFields {
  readonly version: 4
  /** `dhcp-discover` … by option 53, else `bootp-request` or `bootp-reply`. */
  readonly action: string
  readonly fromServer: boolean
  /** Eight hexadecimal digits. */
  readonly transactionId: string
  /** Seconds since the client began. */
  readonly elapsed: number
  readonly broadcast: boolean
  /** Codes of all options in order, with commas. */
  readonly optionList: string
  /** Bytes are missing behind what was read. */
  readonly cut: boolean
}

const ACTIONS =
  'discover offer request decline ack nak release inform forcerenew leasequery leaseunassigned \
leaseunknown leaseactive bulkleasequery leasequerydone activeleasequery leasequerystatus tls'.split(
    ' ',
  )
const FIXED = ['clientIp', 'assignedIp', 'nextServerIp', 'relayIp'] as const
const FIXED_ADDRESSES = 12
const CLIENT_HARDWARE = 28
const SERVER_NAME = 44
const BOOT_FILE = 108
const COOKIE = 236
const MAGIC = 0x63825363

/**
 * The message in `bytes[start, end)` (RFC 2131 2); undefined when it is no BOOTP header down to the
 * client's hardware address.
 */
export function decodeDhcp4(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Dhcp4Message | undefined {
  const stop = Math.min(end, bytes.length)
  const op = bytes[start] ?? 0
  if (stop - start < SERVER_NAME || (op !== 1 && op !== 2)) return undefined
  if ((bytes[start + 2] ?? 0) > 16) return undefined
  const input = new Cursor(bytes, start + COOKIE, stop)
  const found = input.u32() === MAGIC ? readOptions(bytes, start, stop) : NO_OPTIONS
  const draft: Dhcp4Draft = {}
  addFixed(draft, bytes, start)
  if (!found.overload.sname) addName(draft, 'serverName', bytes, start + SERVER_NAME, 64, stop)
  if (!found.overload.file) addName(draft, 'bootFile', bytes, start + BOOT_FILE, 128, stop)
  addOptions(draft, found.options)
  const header = new Cursor(bytes, start + 8, stop)
  return {
    version: 4,
    action: actionOf(found.options, op),
    fromServer: op === 2,
    transactionId: hex(bytes, start + 4, start + 8),
    elapsed: header.u16(),
    broadcast: header.u16() >= 0x8000,
    ...draft,
    optionList: [...found.options.keys()].join(','),
    cut: found.cut || (input.bad && stop - start < COOKIE),
  }
}

const NO_OPTIONS = {
  options: new Map<number, Uint8Array>(),
  overload: { file: false, sname: false },
  cut: false,
}

function actionOf(options: OptionMap, op: number): string {
  const type = options.get(53)?.[0]
  if (type === undefined) return op === 1 ? 'bootp-request' : 'bootp-reply'
  return `dhcp-${ACTIONS[type - 1] ?? type}`
}

function addFixed(draft: Dhcp4Draft, bytes: Uint8Array, start: number): void {
  const hardware = bytes[start + 1] ?? 0
  if ((hardware === 1 || hardware === 6) && bytes[start + 2] === 6) {
    const address = mac(bytes, start + CLIENT_HARDWARE)
    if (address !== undefined) draft.clientMac = address
  }
  for (const [i, name] of FIXED.entries()) {
    const at = start + FIXED_ADDRESSES + 4 * i
    if (!isUnspecified(bytes, at)) draft[name] = ipv4(bytes, at)
  }
}

// RFC 2131 2: NUL-terminated, in a field of fixed length
function addName(
  draft: Dhcp4Draft,
  name: 'serverName' | 'bootFile',
  bytes: Uint8Array,
  start: number,
  size: number,
  end: number,
): void {
  const field = bytes.subarray(start, Math.min(start + size, end))
  const nul = field.indexOf(0)
  const text = label(field, 0, nul < 0 ? field.length : nul)
  if (text !== '') draft[name] = text
}
