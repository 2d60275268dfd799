import { IpAddress } from '../decode/address.ts'
import { MacAddress } from '../decode/mac.ts'
import { addressLimit, Device, type DeviceAddress, type Evidence, evidences } from './device.ts'
import { writeFacts } from './facts-record.ts'
import { deviceId, Profile } from './profile.ts'

/**
 * The record of a card as JSON. Version 2 has the facts of its device too: each card of a device has
 * them, as they were when it was written, and the latest counts. A record without a version is of
 * the first, which had no facts.
 */
const version = 2

type AddressRecord = readonly [ip: string, first: number, last: number, more?: AddressMore]

/** `v` VLAN where it is not the card's, `l` lost to another device. */
interface AddressMore {
  readonly v?: number
  readonly l?: 1
}

interface DeviceRecord {
  readonly v?: number
  readonly id?: unknown
  readonly mac: string
  readonly interface?: string
  readonly vlan?: number
  readonly evidence?: Evidence
  readonly self?: boolean
  readonly firstSeen: number
  readonly lastSeen?: number
  readonly missed?: number
  readonly since?: number
  readonly silent?: boolean
  readonly addresses?: readonly AddressRecord[]
}

/** The record of a card as text. */
export function writeDevice(device: Device): string {
  const { id, mac, vlan, evidence, self, firstSeen, lastSeen, missed, profile } = device
  const facts = profile.peek()
  return JSON.stringify({
    v: version,
    id,
    mac,
    interface: device.interface,
    vlan,
    evidence,
    self,
    firstSeen,
    lastSeen,
    missed: missed || undefined,
    since: profile.firstSeen === firstSeen ? undefined : profile.firstSeen,
    silent: profile.silent || undefined,
    addresses: addressRecords(device),
    facts: facts && writeFacts(facts),
  })
}

function addressRecords(device: Device): AddressRecord[] {
  return device.ips.flatMap((ip, index): AddressRecord[] => {
    const address = device.addresses[index]
    if (address === undefined) return []
    const { first, last, vlan, lost } = address
    if (vlan === device.vlan && !lost) return [[ip, first, last]]
    const more = { ...(vlan !== device.vlan && { v: vlan }), ...(lost && { l: 1 as const }) }
    return [[ip, first, last, more]]
  })
}

/** Where the facts begin: they are last, and in a JSON text its quotes have a backslash before them. */
const factsStart = ',"facts":'
const closing = '}'.charCodeAt(0)

/**
 * The card in a record, with its device from `profiles` when another card has brought it already;
 * undefined for bytes that are no record. Its facts stay text, and `bytes` are changed.
 */
export function readDevice(bytes: Buffer, profiles: Map<string, Profile>): Device | undefined {
  try {
    const at = bytes.indexOf(factsStart)
    const facts =
      at < 0 ? undefined : bytes.toString('utf8', at + factsStart.length, bytes.length - 1)
    if (at >= 0) bytes[at] = closing
    const record = JSON.parse(
      bytes.toString('utf8', 0, at < 0 ? bytes.length : at + 1),
    ) as DeviceRecord
    const mac = MacAddress.parse(String(record.mac))
    const { firstSeen, lastSeen = firstSeen } = record
    if (mac === undefined || !isTime(firstSeen) || !isTime(lastSeen)) return undefined
    const device = new Device(cardFacts(record, mac), profileOf(record, mac, profiles))
    device.saved = lastSeen
    device.missed = Number(record.missed ?? 0) || 0
    readAddresses(record, device)
    settle(device, record, facts)
    return device
  } catch {
    return undefined
  }
}

function cardFacts(record: DeviceRecord, { high, low }: MacAddress) {
  const { vlan = 0, evidence = 'ip', self = false, firstSeen, lastSeen = firstSeen } = record
  return {
    high,
    low,
    interface: String(record.interface ?? ''),
    vlan: Number(vlan) || 0,
    evidence: evidences.includes(evidence) ? evidence : 'ip',
    self: self === true,
    firstSeen,
    lastSeen,
  }
}

function profileOf(
  { id, since, firstSeen }: DeviceRecord,
  mac: MacAddress,
  profiles: Map<string, Profile>,
): Profile {
  const text = typeof id === 'string' && /^[0-9a-f]{16}$/.test(id) ? id : deviceId(mac.text ?? '')
  const known = profiles.get(text)
  if (known !== undefined) return known
  const profile = new Profile(text, isTime(since) ? since : firstSeen)
  profiles.set(text, profile)
  return profile
}

/** The card joins its device; the one that was seen last knows best what the device is like. */
function settle(device: Device, record: DeviceRecord, facts: string | undefined): void {
  const { profile } = device
  if (profile.cards.every(card => card.lastSeen <= device.lastSeen)) {
    profile.restore(facts)
    profile.silent = record.silent === true
  }
}

function readAddresses({ addresses = [] }: DeviceRecord, device: Device): void {
  for (const address of addresses.slice(0, addressLimit)) {
    for (const one of readAddress(address, device)) device.add(one)
  }
}

function readAddress([ip, first, last, more]: AddressRecord, device: Device): DeviceAddress[] {
  const parsed = IpAddress.parse(String(ip))
  if (parsed === undefined || !isTime(first) || !isTime(last)) return []
  const { family, word0, word1, word2, word3 } = parsed
  const { v: vlan = device.vlan, l = 0 } = more ?? {}
  return [{ family, word0, word1, word2, word3, vlan, first, last, lost: l === 1 }]
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
