import { IpAddress } from '../decode/address.ts'
import { type Packet } from '../decode/packet.ts'
import { type DnsMessage } from '../protocols/dns.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { type DnsRecord } from '../protocols/dns-record.ts'
import { netbiosSuffix } from '../protocols/nbns.ts'
import { netbiosAddresses } from '../protocols/nbns-data.ts'
import { addresses, nameOf } from './resolved.ts'

/** A name that a device of the link has given itself. */
export interface SelfNamed {
  readonly name: string
  readonly address: IpAddress
  /** Seconds. */
  readonly ttl: number
  readonly source: 'mdns' | 'llmnr' | 'nbns'
}

const inClass = 1
const typeNb = 32
const opRegistration = 5
/** RFC 1002 4.2.1.1 and 4.2.4: two numbers mean refresh. */
const opRefresh = new Set([8, 9])
/** A host is known as a workstation and as a server; other names are of groups and services. */
const hostSuffixes = new Set([0x00, 0x20])
const groupFlag = 0x80

/**
 * Names in a message of mDNS, LLMNR or NetBIOS by which its sender calls itself: one of the
 * addresses must be that which it was sent from, as nobody speaks for another here.
 */
export function selfNamed(event: DnsEvent, tell: (device: SelfNamed) => void): void {
  const { message, packet } = event
  const { dialect } = message
  if (dialect === 'dns') return
  const records = [...message.answers, ...message.additional]
  const named =
    dialect === 'nbns' ? netbios(message, records) : message.isResponse ? hosts(records) : []
  const own = new Set(named.filter(({ address }) => isSender(packet, address)).map(one => one.name))
  for (const { name, address, ttl } of named) {
    if (own.has(name)) tell({ name, address, ttl, source: dialect })
  }
}

interface Named {
  readonly name: string
  readonly address: IpAddress
  readonly ttl: number
}

function hosts(records: readonly DnsRecord[]): Named[] {
  return records
    .filter(record => record.class === inClass && (record.type === 1 || record.type === 28))
    .flatMap(record =>
      addresses(record).map(address => ({ name: nameOf(record), address, ttl: record.ttl })),
    )
}

/** RFC 1002 4.2.2, 4.2.4 and 4.2.13: who registers, refreshes or answers for a name of its own. */
function netbios(message: DnsMessage, records: readonly DnsRecord[]): Named[] {
  const claims = message.opCode === opRegistration || opRefresh.has(message.opCode)
  if (!(message.isResponse && message.opCode === 0) && !(claims && !message.isResponse)) return []
  const suffix = netbiosSuffix(message)
  if (suffix !== undefined && !hostSuffixes.has(suffix)) return []
  return records.filter(isUnique).flatMap(record => {
    const { ttl } = record
    const name = nameOf(record)
    return netbiosAddresses(record).flatMap(text => {
      const address = IpAddress.parse(text)
      return address === undefined ? [] : [{ name, address, ttl }]
    })
  })
}

function isUnique({ type, names, dataStart, dataLength }: DnsRecord): boolean {
  return type === typeNb && dataLength >= 6 && ((names.bytes[dataStart] ?? 0) & groupFlag) === 0
}

function isSender(packet: Packet, address: IpAddress): boolean {
  const { family, word0, word1, word2, word3 } = address
  if (packet.family !== family) return false
  return packet.fromResponder
    ? packet.destination0 === word0 &&
        packet.destination1 === word1 &&
        packet.destination2 === word2 &&
        packet.destination3 === word3
    : packet.source0 === word0 &&
        packet.source1 === word1 &&
        packet.source2 === word2 &&
        packet.source3 === word3
}
