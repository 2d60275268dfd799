import { IpAddress } from '../decode/address.ts'
import { MacAddress } from '../decode/mac.ts'
import { addressLimit, Device, type DeviceAddress, type Evidence, evidences } from './device.ts'
import { type FactsRecord, writeFacts } from './facts-record.ts'
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
  readonly facts?: FactsRecord
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

/**
 * The card in a record, with its device from `profiles` when another card has brought it already;
 * undefined for a text that is no record.
 */
export function readDevice(text: string, profiles: Map<string, Profile>): Device | undefined {
  try {
    const record = JSON.parse(text) as DeviceRecord
    const mac = MacAddress.parse(String(record.mac))
    const { firstSeen, lastSeen = firstSeen } = record
    if (mac === undefined || !isTime(firstSeen) || !isTime(lastSeen)) return undefined
    const device = new Device(cardFacts(record, mac), profileOf(record, mac, profiles))
    device.saved = lastSeen
    device.missed = Number(record.missed ?? 0) || 0
    for (const address of record.addresses ?? []) {
      if (device.addresses.length < addressLimit)
        for (const one of readAddress(address, device)) device.add(one)
    }
    settle(device, record)
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
function settle(device: Device, record: DeviceRecord): void {
  const { profile } = device
  if (profile.cards.every(card => card.lastSeen <= device.lastSeen)) {
    profile.restore(record.facts)
    profile.silent = record.silent === true
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
