import { CUT, type DnsNames, skipName, u16 } from './dns-name.ts'
import { rdataText } from './dns-rdata.ts'

/** Records of one section that are looked at; the count of more is kept, their content is not. */
export const MAX_RECORDS = 100
export const MAX_QUESTIONS = 32

/** One question. `class` is without the top bit of mDNS, which is `unicast` (RFC 6762 5.4). */
export class DnsQuestion {
  readonly type: number
  readonly class: number
  readonly unicast: boolean
  readonly #names: DnsNames
  readonly #at: number
  #name: string | undefined

  constructor(names: DnsNames, at: number, type: number, code: number, multicast: boolean) {
    this.#names = names
    this.#at = at
    this.type = type
    this.class = multicast ? code & 0x7fff : code
    this.unicast = multicast && code >= 0x8000
  }

  /** The names of the message and where this one starts, to read it with another eye. */
  get place(): readonly [DnsNames, number] {
    return [this.#names, this.#at]
  }

  /** Undefined when the name cannot be read: see DnsNames. */
  get name(): string | undefined {
    this.#name ??= this.#names.read(this.#at)
    return this.#name
  }
}

/** One resource record; its texts are made when they are read. */
export class DnsRecord {
  readonly type: number
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  /** mDNS: the sender owns the name and older records of it are void (RFC 6762 10.2). */
  readonly flush: boolean
  /** Offset and octets of the data in the message's bytes. */
  readonly dataStart: number
  readonly dataLength: number
  readonly #names: DnsNames
  readonly #at: number
  #name: string | undefined
  #data: string | undefined

  constructor(names: DnsNames, at: number, fields: number, multicast: boolean) {
    const { bytes } = names
    const code = u16(bytes, fields + 2)
    this.#names = names
    this.#at = at
    this.type = u16(bytes, fields)
    // An OPT's class is a size (RFC 6891 6.1.2)
    const marked = multicast && this.type !== 41
    this.class = marked ? code & 0x7fff : code
    this.flush = marked && code >= 0x8000
    this.ttl = u16(bytes, fields + 4) * 65_536 + u16(bytes, fields + 6)
    this.dataLength = u16(bytes, fields + 8)
    this.dataStart = fields + 10
  }

  get name(): string | undefined {
    this.#name ??= this.#names.read(this.#at)
    return this.#name
  }

  /** The data as text: see `rdataText`. */
  get data(): string {
    this.#data ??= rdataText(
      this.#names,
      this.type,
      this.dataStart,
      this.dataStart + this.dataLength,
    )
    return this.#data
  }

  /** The names of the message, to read the data with another eye. */
  get names(): DnsNames {
    return this.#names
  }
}

/** The sections of a message as far as they could be read. */
export interface DnsSections {
  questions: readonly DnsQuestion[]
  answers: readonly DnsRecord[]
  authority: readonly DnsRecord[]
  additional: readonly DnsRecord[]
  /** The message ends before what its counts promise, or holds more than is looked at. */
  cut: boolean
  /** A name or length contradicts the format. */
  malformed: boolean
  /** Octets behind the last record. */
  trailing: number
  /** How far it was read; below 0 when nothing more is. */
  at: number
}

/**
 * Walks question and record sections behind the header (RFC 1035 4.1.2, 4.1.3). Names are passed,
 * not read; at most MAX_QUESTIONS questions and MAX_RECORDS records a section are taken.
 */
export function readSections(names: DnsNames, multicast: boolean): DnsSections {
  const { bytes, start } = names
  const sections: DnsSections = {
    questions: none,
    answers: none,
    authority: none,
    additional: none,
    cut: false,
    malformed: false,
    trailing: 0,
    at: 0,
  }
  sections.questions = readQuestions(names, sections, u16(bytes, start + 4), multicast)
  sections.answers = readRecords(names, sections, u16(bytes, start + 6), multicast)
  sections.authority = readRecords(names, sections, u16(bytes, start + 8), multicast)
  sections.additional = readRecords(names, sections, u16(bytes, start + 10), multicast)
  if (sections.at > 0) sections.trailing = names.end - sections.at
  return sections
}

/** Most sections are empty, or hold one: a list that grows begins with room for many. */
const none: never[] = []

function added<T>(list: T[], item: T): T[] {
  if (list === none) return [item]
  list.push(item)
  return list
}

function readQuestions(
  names: DnsNames,
  sections: DnsSections,
  count: number,
  multicast: boolean,
): DnsQuestion[] {
  const { bytes, end } = names
  let found: DnsQuestion[] = none
  sections.at = names.start + 12
  for (let i = 0; i < count; i++) {
    const { at } = sections
    const next = skipName(bytes, at, end)
    if (next < 0 || next + 4 > end || i === MAX_QUESTIONS) {
      stop(sections, next)
      break
    }
    const type = u16(bytes, next)
    found = added(found, new DnsQuestion(names, at, type, u16(bytes, next + 2), multicast))
    sections.at = next + 4
  }
  return found
}

function readRecords(
  names: DnsNames,
  sections: DnsSections,
  count: number,
  multicast: boolean,
): DnsRecord[] {
  const { bytes, end } = names
  let found: DnsRecord[] = none
  for (let i = 0; i < count && sections.at >= 0; i++) {
    const { at } = sections
    const next = skipName(bytes, at, end)
    if (next < 0 || next + 10 > end || i === MAX_RECORDS) {
      stop(sections, next)
      break
    }
    const record = new DnsRecord(names, at, next, multicast)
    sections.at = record.dataStart + record.dataLength
    if (sections.at > end) stop(sections, CUT)
    else found = added(found, record)
  }
  return found
}

/** Nothing more is read. */
function stop(sections: DnsSections, why: number): void {
  if (why < CUT) sections.malformed = true
  else sections.cut = true
  sections.at = CUT
}
