import { createHash } from 'node:crypto'
import { IpAddress, ipText } from '../decode/address.ts'
import { MacAddress, macText } from '../decode/mac.ts'

/** Addresses that one device may have; a busy router or a host with privacy addresses has dozens. */
export const addressLimit = 64
/** µs for which an address must have been silent before a new one may take its place. */
const staleAfter = 24 * 3600 * 1e6

/** What told of a device. */
export type Evidence = 'arp' | 'ndp' | 'ip'

export interface DeviceAddress {
  readonly family: number
  readonly word0: number
  readonly word1: number
  readonly word2: number
  readonly word3: number
  /** µs of event time, as all times here. */
  readonly first: number
  last: number
}

/** One network card on a link. Times are µs of event time. */
export class Device {
  readonly high: number
  readonly low: number
  /** Stays the same for as long as the device is known. */
  readonly id: string
  readonly mac: string
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  /** It is the sensor's own. */
  readonly self: boolean
  readonly firstSeen: number
  lastSeen: number
  /** `lastSeen` as the disk has it; -1 before the device was written. */
  saved = -1
  readonly addresses: DeviceAddress[] = []

  constructor(facts: DeviceFacts) {
    this.high = facts.high
    this.low = facts.low
    this.mac = macText(facts.high, facts.low) ?? ''
    this.id = facts.id ?? deviceId(this.mac)
    this.interface = facts.interface
    this.vlan = facts.vlan
    this.evidence = facts.evidence
    this.self = facts.self
    this.firstSeen = facts.firstSeen
    this.lastSeen = facts.lastSeen ?? facts.firstSeen
  }

  /** The address of these words, undefined when the device is not known to have it. */
  find(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): DeviceAddress | undefined {
    for (const address of this.addresses) {
      if (
        address.word0 === word0 &&
        address.word3 === word3 &&
        address.word1 === word1 &&
        address.word2 === word2 &&
        address.family === family
      ) {
        return address
      }
    }
    return undefined
  }

  /** False when there is no room: every address was in use lately. */
  add(address: DeviceAddress): boolean {
    if (this.addresses.length >= addressLimit) {
      const oldest = this.addresses.reduce((a, b) => (b.last < a.last ? b : a))
      if (address.first - oldest.last < staleAfter) return false
      this.addresses.splice(this.addresses.indexOf(oldest), 1)
    }
    this.addresses.push(address)
    return true
  }

  get ips(): string[] {
    return this.addresses.flatMap(a => ipText(a.family, a.word0, a.word1, a.word2, a.word3) ?? [])
  }
}

export interface DeviceFacts {
  readonly high: number
  readonly low: number
  readonly id?: string
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  readonly self: boolean
  readonly firstSeen: number
  readonly lastSeen?: number
}

/** Six bytes: the key of a device in the memory. */
export function deviceKey({ high, low }: { high: number; low: number }): Buffer {
  const key = Buffer.alloc(6)
  key.writeUIntBE(high, 0, 3)
  key.writeUIntBE(low, 3, 3)
  return key
}

/** The record of a device as text. */
export function writeDevice(device: Device): string {
  const { id, mac, vlan, evidence, self, firstSeen, lastSeen } = device
  const addresses = device.ips.map((ip, index) => {
    const { first, last } = device.addresses[index] ?? { first: 0, last: 0 }
    return [ip, first, last]
  })
  const interfaceName = device.interface
  return JSON.stringify({
    id,
    mac,
    interface: interfaceName,
    vlan,
    evidence,
    self,
    firstSeen,
    lastSeen,
    addresses,
  })
}

/** The device in a record; undefined for a text that is none. */
export function readDevice(text: string): Device | undefined {
  try {
    const record = JSON.parse(text) as Partial<DeviceRecord>
    const mac = MacAddress.parse(String(record.mac))
    if (mac === undefined || typeof record.firstSeen !== 'number') return undefined
    const { high, low } = mac
    const { vlan = 0, evidence = 'ip', self = false, firstSeen, lastSeen = firstSeen } = record
    const { interface: name = '', id = deviceId(mac.text ?? '') } = record
    const facts = { high, low, id, interface: name, vlan, evidence, self, firstSeen, lastSeen }
    const device = new Device(facts)
    device.saved = lastSeen
    device.addresses.push(...(record.addresses ?? []).slice(0, addressLimit).flatMap(readAddress))
    return device
  } catch {
    return undefined
  }
}

interface DeviceRecord {
  readonly id: string
  readonly mac: string
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  readonly self: boolean
  readonly firstSeen: number
  readonly lastSeen: number
  readonly addresses: readonly (readonly [ip: string, first: number, last: number])[]
}

function readAddress([ip, first, last]: DeviceRecord['addresses'][number]): DeviceAddress[] {
  const parsed = IpAddress.parse(ip)
  if (parsed === undefined) return []
  const { family, word0, word1, word2, word3 } = parsed
  return [{ family, word0, word1, word2, word3, first, last }]
}

/** The same for the same card in every run and every replay. */
function deviceId(mac: string): string {
  return createHash('sha256').update(`orthrus device ${mac}`).digest('hex').slice(0, 16)
}
