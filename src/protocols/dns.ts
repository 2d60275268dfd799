import { ipv4, ipv6 } from './address.ts'
import { decodeEdns, type Edns } from './dns-edns.ts'
import { DnsNames, skipName, u16 } from './dns-name.ts'
import { Rdata } from './dns-rdata.ts'
import { type DnsQuestion, type DnsRecord, type DnsSections, readSections } from './dns-record.ts'
import { serviceHints } from './dns-svcb.ts'
import { isKnownType } from './dns-types.ts'
import { NetbiosNames, netbiosAddresses } from './nbns-data.ts'

/** Who speaks the format: its bits and types differ a little. */
export type DnsDialect = 'dns' | 'mdns' | 'llmnr' | 'nbns'

const HEADER = 12
const OPT = 41
const MAX_ADDRESSES = 64
const MAX_SERVICES = 4
const FLAGS = [
  [0x0400, 'AA'],
  [0x0200, 'TC'],
  [0x0100, 'RD'],
  [0x0080, 'RA'],
  [0x0020, 'AD'],
  [0x0010, 'CD'],
] as const

/**
 * One message (RFC 1035 4.1). Header fields are read at once, everything else when it is asked for,
 * from `bytes`: they must stay as they are for as long as the message is used.
 */
export class DnsMessage {
  readonly dialect: DnsDialect
  readonly id: number
  /** The 16 bits behind the id. */
  readonly flags: number
  readonly #names: DnsNames
  #read: DnsSections | undefined
  #edns: Edns | null | undefined

  constructor(names: DnsNames, dialect: DnsDialect) {
    this.dialect = dialect
    this.id = u16(names.bytes, names.start)
    this.flags = u16(names.bytes, names.start + 2)
    this.#names = names
  }

  get isResponse(): boolean {
    return (this.flags & 0x8000) !== 0
  }

  get opCode(): number {
    return (this.flags >> 11) & 0xf
  }

  /** The reserved bit of RFC 2535 6.1 (0x40), which must be zero. */
  get z(): 0 | 1 {
    return this.flags & 0x40 ? 1 : 0
  }

  /** Response code, extended to twelve bits by an OPT record (RFC 6891 6.1.3). */
  get responseCode(): number {
    const low = this.flags & 0xf
    return this.isResponse ? low | ((this.edns?.rcodeHigh ?? 0) << 4) : low
  }

  /** AA, TC, RD, RA, AD, CD, DO, as far as they are set and the dialect has them. */
  get headerFlags(): string[] {
    const flags = this.flags & flagMask(this.dialect)
    const set: string[] = []
    for (const [bit, name] of FLAGS) if (flags & bit) set.push(name)
    if (this.edns?.dnssecOk) set.push('DO')
    return set
  }

  get questions(): readonly DnsQuestion[] {
    return this.#sections.questions
  }

  get answers(): readonly DnsRecord[] {
    return this.#sections.answers
  }

  get authority(): readonly DnsRecord[] {
    return this.#sections.authority
  }

  get additional(): readonly DnsRecord[] {
    return this.#sections.additional
  }

  /** Counts of the header: questions, answers, authority, additional. */
  get counts(): readonly [number, number, number, number] {
    const { bytes, start } = this.#names
    return [
      u16(bytes, start + 4),
      u16(bytes, start + 6),
      u16(bytes, start + 8),
      u16(bytes, start + 10),
    ]
  }

  /** Answers, as the header counts them. */
  get answerCount(): number {
    return u16(this.#names.bytes, this.#names.start + 6)
  }

  /** True when the bytes end before what the counts promise, or hold more than is looked at. */
  get cut(): boolean {
    return this.#sections.cut
  }

  /** True when a name or length contradicts the format; what stands before it is still given. */
  get malformed(): boolean {
    return this.#sections.malformed
  }

  /** Octets behind the last record. */
  get trailing(): number {
    return this.#sections.trailing
  }

  /** The OPT record, undefined without one. */
  get edns(): Edns | undefined {
    if (this.#edns === undefined) this.#edns = this.#findEdns() ?? null
    return this.#edns ?? undefined
  }

  /** Addresses in the answers: A, AAAA and the hints of SVCB and HTTPS; no repeats, at most 64. */
  get resolvedIps(): string[] {
    const found = new Set<string>()
    let services = 0
    for (const record of this.answers) {
      if (found.size >= MAX_ADDRESSES || services >= MAX_SERVICES) break
      if (record.type === 64 || record.type === 65) services++
      addAddresses(found, record)
    }
    return [...found]
  }

  get #sections(): DnsSections {
    this.#read ??= readSections(this.#names, this.dialect === 'mdns')
    return this.#read
  }

  #findEdns(): Edns | undefined {
    const { bytes } = this.#names
    if (this.dialect === 'nbns' || u16(bytes, this.#names.start + 10) === 0) return undefined
    const opt = this.additional.find(record => record.type === OPT)
    if (opt === undefined) return undefined
    return decodeEdns(bytes, opt.class, opt.ttl, opt.dataStart, opt.dataStart + opt.dataLength)
  }
}

/**
 * The message in `bytes[start, end)`, one datagram or one message of a TCP stream without its length;
 * undefined when there is no whole header or the first question is no question.
 */
export function decodeDns(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
  dialect: DnsDialect = 'dns',
): DnsMessage | undefined {
  const stop = Math.min(end, bytes.length)
  if (start < 0 || stop - start < HEADER) return undefined
  if (u16(bytes, start + 4) > 0 && skipName(bytes, start + HEADER, stop) < -1) return undefined
  const names = dialect === 'nbns' ? NetbiosNames : DnsNames
  return new DnsMessage(new names(bytes, start, stop), dialect)
}

/**
 * True when the bytes can hardly be anything but a whole DNS message, whatever the port: no reserved
 * bit, flags that fit query or response, one question of a registered type and class with a host-like
 * name, counts that the bytes fill to the last octet.
 */
export function isPlausibleDns(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  const message = decodeDns(bytes, start, end)
  if (message === undefined || !plausibleHeader(message)) return false
  const [question] = message.questions
  if (question === undefined || !isKnownType(question.type)) return false
  if (question.class !== 1 && question.class !== 3 && question.class !== 255) return false
  if (message.cut || message.malformed || message.trailing > 0) return false
  return question.name !== undefined && /^[\x21-\x7e]{1,255}$/.test(question.name)
}

function plausibleHeader(message: DnsMessage): boolean {
  const { flags, opCode } = message
  const [questions, answers] = message.counts
  if (message.z === 1 || questions !== 1) return false
  if (opCode !== 0 && opCode !== 4 && opCode !== 5) return false
  // A query has no answers, no response code, no RA; AA in a NOTIFY only (RFC 1996 3.7).
  const forbidden = opCode === 4 ? 0x008f : 0x048f
  if (!message.isResponse) return (flags & forbidden) === 0 && (answers === 0 || opCode !== 0)
  return (flags & 0xf) <= 10
}

function flagMask(dialect: DnsDialect): number {
  if (dialect === 'llmnr') return 0x0200 // RFC 4795 2.1.1: the other bits mean something else
  return dialect === 'nbns' ? 0x0780 : 0x07b0
}

function addAddresses(found: Set<string>, record: DnsRecord): void {
  const { bytes } = record.names
  if (record.names.netbios) {
    for (const address of netbiosAddresses(record)) found.add(address)
    return
  }
  if (record.type === 1 && record.dataLength === 4) found.add(ipv4(bytes, record.dataStart))
  if (record.type === 28 && record.dataLength === 16) found.add(ipv6(bytes, record.dataStart))
  if (record.type === 64 || record.type === 65) {
    const end = record.dataStart + record.dataLength
    for (const hint of serviceHints(new Rdata(record.names, record.dataStart, end))) found.add(hint)
  }
}
