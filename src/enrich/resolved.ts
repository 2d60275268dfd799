import { IpAddress } from '../decode/address.ts'
import { Cursor } from '../protocols/cursor.ts'
import { type DnsMessage } from '../protocols/dns.ts'
import { skipName } from '../protocols/dns-name.ts'
import { type DnsRecord } from '../protocols/dns-record.ts'

/** An address that a message gives a name for. */
export interface Found {
  readonly address: IpAddress
  /** Seconds. */
  readonly ttl: number
  /** Whose it is, in lower case. */
  readonly owner: string
}

const typeA = 1
const typeCname = 5
const typeAaaa = 28
const typeSvcb = 64
const typeHttps = 65
/** Aliases that are followed; resolvers follow some 8 to 16. */
const mostAliases = 16
/** Addresses of one answer that are remembered. */
const mostAddresses = 64

/**
 * The addresses that the answers give for `asked` (lower case): its own, and those of the aliases
 * that it leads to, in whatever order; and what SVCB and HTTPS records hint at (RFC 9460 7.3). The
 * time to live is the shortest on the way. Records of other names are nobody's answer.
 */
export function addressesOf(message: DnsMessage, asked: string): readonly Found[] {
  if (message !== last.message || asked !== last.asked) {
    last = { message, asked, found: collect(message, asked) }
  }
  return last.found
}

/** Several ask about the same message, one after the other. */
let last: {
  readonly message: DnsMessage | undefined
  readonly asked: string
  readonly found: readonly Found[]
} = { message: undefined, asked: '', found: [] }

function collect({ answers }: DnsMessage, asked: string): readonly Found[] {
  if (!answers.some(isAddress)) return []
  const names = answers.some(isAlias) ? aliases(answers, asked) : undefined
  const found: Found[] = []
  for (const record of answers) {
    if (!isAddress(record)) continue
    const owner = nameOf(record)
    const limit = names === undefined ? direct(owner === asked) : names.get(owner)
    if (limit !== undefined) add(found, record, owner, Math.min(limit, record.ttl))
  }
  return found
}

function add(found: Found[], record: DnsRecord, owner: string, ttl: number): void {
  for (const address of addresses(record)) {
    if (found.length >= mostAddresses) return
    found.push({ address, ttl, owner })
  }
}

/** The address of an A or AAAA record, in a list of one; hints; empty for what is damaged. */
export function addresses(record: DnsRecord): readonly IpAddress[] {
  const { type, dataStart, dataLength } = record
  const { bytes } = record.names
  if (type === typeSvcb || type === typeHttps) return hints(record)
  const family = type === typeA ? 4 : 6
  if (type !== typeA && type !== typeAaaa) return []
  if (dataLength !== (family === 4 ? 4 : 16) || dataStart + dataLength > bytes.length) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [IpAddress.read(view, dataStart, family)]
}

export function nameOf(record: DnsRecord): string {
  return record.name?.toLowerCase() ?? ''
}

function isAddress({ type, class: kind }: DnsRecord): boolean {
  if (kind !== 1) return false
  return type === typeA || type === typeAaaa || type === typeHttps || type === typeSvcb
}

/** The limit of a name where there are no aliases. */
function direct(isAsked: boolean): number | undefined {
  return isAsked ? Number.POSITIVE_INFINITY : undefined
}

function isAlias({ type, class: kind }: DnsRecord): boolean {
  return type === typeCname && kind === 1
}

/** `asked` and the names that it is an alias of, with the shortest time to live so far. */
function aliases(answers: readonly DnsRecord[], asked: string): Map<string, number> {
  const names = new Map([[asked, Number.POSITIVE_INFINITY]])
  const pointers = answers.filter(isAlias)
  for (let round = 0; round < mostAliases && names.size <= mostAliases; round++) {
    const before = names.size
    for (const record of pointers) {
      const limit = names.get(nameOf(record))
      const target = record.data.toLowerCase()
      if (limit !== undefined && !names.has(target)) names.set(target, Math.min(limit, record.ttl))
    }
    if (names.size === before) break
  }
  return names
}

/** RFC 9460 2.2: priority, target name, then parameters; those of key 4 and 6 are addresses. */
function hints({ names: { bytes, end }, dataStart, dataLength }: DnsRecord): IpAddress[] {
  const stop = Math.min(end, dataStart + dataLength)
  const target = skipName(bytes, dataStart + 2, stop)
  if (target < 0) return []
  const input = new Cursor(bytes, target, stop)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: IpAddress[] = []
  while (input.left >= 4 && found.length < mostAddresses) {
    const key = input.u16()
    const length = input.u16()
    const from = input.take(length)
    if (input.bad) break
    if (key !== 4 && key !== 6) continue
    const size = key === 4 ? 4 : 16
    for (let at = from; at + size <= from + length; at += size) {
      found.push(IpAddress.read(view, at, key))
    }
  }
  return found
}
