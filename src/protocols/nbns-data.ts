import { ipv4, mac } from './address.ts'
import { type Cursor } from './cursor.ts'
import { DnsNames } from './dns-name.ts'
import { label } from './text.ts'

const ENCODED = 32
const MAX_NAMES = 32
const scratch = new Uint8Array(16)

/**
 * Names in first-level encoding (RFC 1001 14.1): 16 octets, two letters each, behind them the scope.
 * Given without padding and without the suffix octet; a name that is not encoded is given as it is.
 */
export class NetbiosNames extends DnsNames {
  override readonly netbios = true

  override read(at: number): string | undefined {
    const text = super.read(at)
    if (text === undefined) return undefined
    const name = decodeNetbiosName(text)
    if (name === undefined) return text
    const scope = text.slice(ENCODED)
    return name.text + scope
  }

  /** The sixteenth octet of the name at `at`: which service is meant. */
  suffix(at: number): number | undefined {
    const text = super.read(at)
    return text === undefined ? undefined : decodeNetbiosName(text)?.suffix
  }
}

/** Undoes the first-level encoding of the first label of `text`; undefined when it is none. */
export function decodeNetbiosName(text: string): { text: string; suffix: number } | undefined {
  if (text.length < ENCODED || (text.length > ENCODED && text[ENCODED] !== '.')) return undefined
  for (let i = 0; i < 16; i++) {
    const high = text.charCodeAt(2 * i) - 65
    const low = text.charCodeAt(2 * i + 1) - 65
    if (high < 0 || high > 15 || low < 0 || low > 15) return undefined
    scratch[i] = (high << 4) | low
  }
  return { text: label(scratch, 0, 15), suffix: scratch[15] ?? 0 }
}

/** Addresses of an NB record (RFC 1002 4.2.13): two octets of flags before each. */
export function netbiosAddresses(record: {
  readonly names: DnsNames
  readonly type: number
  readonly dataStart: number
  readonly dataLength: number
}): string[] {
  if (record.type !== 32) return []
  const addresses: string[] = []
  const end = record.dataStart + record.dataLength
  for (let at = record.dataStart; at + 6 <= end && addresses.length < MAX_NAMES; at += 6) {
    addresses.push(ipv4(record.names.bytes, at + 2))
  }
  return addresses
}

/** Data of NB (addresses) and NBSTAT (names with their suffix, then the unit's MAC) records. */
export function netbiosText(input: Cursor, type: number): string {
  return type === 32 ? addressList(input) : nodeStatus(input)
}

function addressList(input: Cursor): string {
  const parts: string[] = []
  while (input.left >= 6 && parts.length < MAX_NAMES)
    parts.push(ipv4(input.bytes, input.take(6) + 2))
  if (parts.length === 0) input.bad = true
  return parts.join(' ')
}

// RFC 1002 4.2.18: count, then 15 octets of name, suffix and two of flags each, then statistics
function nodeStatus(input: Cursor): string {
  const count = Math.min(input.u8(), MAX_NAMES)
  const parts: string[] = []
  for (let i = 0; i < count && input.left >= 18; i++) {
    const name = input.label(15)
    parts.push(`${name}<${input.u8().toString(16).padStart(2, '0')}>`)
    input.u16()
  }
  const unit = input.left >= 6 ? mac(input.bytes, input.take(6)) : undefined
  if (unit !== undefined) parts.push(unit)
  return parts.join(' ')
}
