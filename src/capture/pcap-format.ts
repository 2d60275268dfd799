import { SensorError } from '../errors.ts'

/** Longest packet that is believed, bytes: libpcap's and Wireshark's limit. */
export const MAX_PACKET = 262_144

const linkTypes: ReadonlyMap<number, string> = new Map([
  [0, 'BSD null'],
  [1, 'Ethernet'],
  [9, 'PPP'],
  [12, 'raw IP'],
  [14, 'raw IP'],
  [50, 'PPP in HDLC framing'],
  [51, 'PPPoE'],
  [101, 'raw IP'],
  [104, 'Cisco HDLC'],
  [105, 'IEEE 802.11'],
  [108, 'OpenBSD loopback'],
  [113, 'Linux cooked v1'],
  [119, 'IEEE 802.11 with Prism header'],
  [127, 'IEEE 802.11 with radiotap header'],
  [163, 'IEEE 802.11 with AVS header'],
  [192, 'IEEE 802.11 with PPI header'],
  [228, 'raw IPv4'],
  [229, 'raw IPv6'],
  [239, 'NFLOG'],
  [276, 'Linux cooked v2'],
])

// Only to name them in the refusal.
const unreadable: ReadonlyMap<number, string> = new Map([
  [6, 'token ring'],
  [107, 'frame relay'],
  [117, 'OpenBSD pflog'],
  [187, 'Bluetooth HCI'],
  [189, 'USB'],
  [195, 'IEEE 802.15.4'],
  [220, 'USB'],
  [227, 'CAN bus'],
  [249, 'USB'],
  [253, 'netlink'],
])

/** True if packets of this link type (https://www.tcpdump.org/linktypes.html) can be parsed. */
export function isReadable(linktype: number): boolean {
  return linkTypes.has(linktype)
}

/** The refusal of link types that cannot be parsed, naming them and what is. */
export function unsupportedLink(name: string, types: Iterable<number>): SensorError {
  const list = [...types].map(type => {
    const known = unreadable.get(type)
    return known ? `${type} (${known})` : String(type)
  })
  const readable = [...new Set(linkTypes.values())].join(', ')
  return new SensorError(
    'CAPTURE_UNSUPPORTED',
    `cannot parse link type ${list.join(', ')} of \`${name}\`; capture with one of: ${readable}`,
  )
}

/** What the first bytes of a file announce. */
export interface Format {
  readonly kind: 'pcap' | 'pcapng'
  readonly littleEndian: boolean
  /** Length of a classic record's header and the ns in a unit of its fraction. */
  readonly recordHeader: number
  readonly unit: number
}

const classic: ReadonlyMap<number, { unit: number; recordHeader: number }> = new Map([
  [0xa1b2c3d4, { unit: 1000, recordHeader: 16 }],
  [0xa1b23c4d, { unit: 1, recordHeader: 16 }],
  // Kuznetzov's kernel patch of 1999: ifindex, protocol and packet type in every record.
  [0xa1b2cd34, { unit: 1000, recordHeader: 24 }],
])

const SECTION = 0x0a0d0d0a

/** The format of a capture by its first 12 bytes; throws with the name of what it is instead. */
export function formatOf(head: Buffer, name: string): Format {
  if (head.length === 0) throw damaged(`\`${name}\` is empty; a capture has at least a header`)
  if (head.length >= 4) {
    const found = classicFormat(head)
    if (found) return found
    // The byte order of a section is found in each section header.
    if (head.readUInt32BE() === SECTION) {
      return { kind: 'pcapng', littleEndian: true, recordHeader: 0, unit: 0 }
    }
  }
  throw new SensorError('CAPTURE_UNSUPPORTED', refusal(head, name))
}

function classicFormat(head: Buffer): Format | undefined {
  const little = classic.get(head.readUInt32LE())
  const big = classic.get(head.readUInt32BE())
  const found = little ?? big
  return found && { kind: 'pcap', littleEndian: little !== undefined, ...found }
}

/** A fault in the content of a capture. */
export function damaged(message: string, cause?: unknown): SensorError {
  return new SensorError('CAPTURE_DAMAGED', message, cause === undefined ? {} : { cause })
}

const strangers: readonly (readonly [magic: string, what: string])[] = [
  ['736e6f6f70000000', 'a Solaris snoop capture'],
  ['474d4255', 'a Microsoft Network Monitor capture'],
  ['52545353', 'a Microsoft Network Monitor capture'],
  ['58435000', 'a NetXRay capture'],
  ['54525349464620', 'a Sniffer capture'],
  ['697074726163652031', 'an AIX iptrace capture'],
  ['697074726163652032', 'an AIX iptrace capture'],
  ['a12b3c4d', 'a pcap file of a variant that is not known'],
]

const packed: readonly (readonly [magic: string, what: string, tool: string])[] = [
  ['28b52ffd', 'zstd', 'zstd -dc'],
  ['fd377a585a00', 'xz', 'xz -dc'],
  ['425a68', 'bzip2', 'bzip2 -dc'],
  ['04224d18', 'lz4', 'lz4 -dc'],
  ['504b0304', 'zip', 'unzip -p'],
]

function refusal(head: Buffer, name: string): string {
  const digits = head.toString('hex')
  const archive = packed.find(([magic]) => digits.startsWith(magic))
  if (archive) {
    const [, what, tool] = archive
    return `\`${name}\` is packed with ${what}; try \`${tool} ${name} | orthrus replay -\``
  }
  const stranger = strangers.find(([magic]) => digits.startsWith(magic))
  const hint = 'convert it with `editcap -F pcapng`'
  if (stranger) return `\`${name}\` is ${stranger[1]}; ${hint}`
  const what = isText(head) ? 'is text' : `begins with ${digits.slice(0, 8)}`
  return `\`${name}\` is not a capture: it ${what}; pcap and pcapng are read, also gzipped`
}

function isText(head: Buffer): boolean {
  return head.every(byte => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13)
}
