import { ipText } from '../decode/address.ts'
import { type Device } from '../enrich/device.ts'
import { type Direction } from '../enrich/direction.ts'

/** Bounds: names beyond them are counted together as `other`. */
const protocolLimit = 64
const deviceLimit = 2048
const wordLimit = 16

export interface ProtocolTally {
  flows: number
  packets: number
  bytes: number
  /** Application messages seen, whose content names the protocol. */
  messages: number
}

/** A text, or an IPv4 address as its 32 bits. */
export type Word = string | number

/** Amounts by word. */
export type Words = Map<Word, { amount: number }>

export interface DeviceTally {
  packets: number
  bytesSent: number
  bytesReceived: number
  /** Bytes by service, and by the other end. */
  readonly services: Words
  readonly targets: Words
}

/** Counts of one stretch of time, in bounded memory. */
export class Tally {
  readonly protocols = new Map<string, ProtocolTally>()
  readonly devices = new Map<Device, DeviceTally>()
  readonly directions: Record<Direction, number> = {
    inbound: 0,
    outbound: 0,
    internal: 0,
    external: 0,
  }
  /** Events by kind, beyond flows: arp, ndp, icmp … */
  readonly events: Record<string, number> = {}
  flowsStarted = 0
  flowsEnded = 0
  newDevices = 0
  newAddresses = 0

  protocol(name: string): ProtocolTally {
    const known = this.protocols.get(name)
    if (known !== undefined) return known
    if (this.protocols.size >= protocolLimit && name !== 'other') return this.protocol('other')
    const tally = { flows: 0, packets: 0, bytes: 0, messages: 0 }
    this.protocols.set(name, tally)
    return tally
  }

  /** Undefined when as many devices as fit were busy already. */
  device(device: Device): DeviceTally | undefined {
    const known = this.devices.get(device)
    if (known !== undefined || this.devices.size >= deviceLimit) return known
    const words: Pick<DeviceTally, 'services' | 'targets'> = {
      services: new Map(),
      targets: new Map(),
    }
    const tally = { packets: 0, bytesSent: 0, bytesReceived: 0, ...words }
    this.devices.set(device, tally)
    return tally
  }
}

/** Adds the counts of `from` to `to`. */
export function addTally(to: Tally, from: Tally): void {
  for (const [name, counts] of from.protocols) addCounts(to.protocol(name), counts)
  for (const [device, counts] of from.devices) {
    const sums = to.device(device)
    if (sums !== undefined) addDevice(sums, counts)
  }
  for (const name of ['inbound', 'outbound', 'internal', 'external'] as const) {
    to.directions[name] += from.directions[name]
  }
  for (const [kind, count] of Object.entries(from.events)) {
    to.events[kind] = (to.events[kind] ?? 0) + count
  }
  to.flowsStarted += from.flowsStarted
  to.flowsEnded += from.flowsEnded
  to.newDevices += from.newDevices
  to.newAddresses += from.newAddresses
}

function addCounts(to: ProtocolTally, from: ProtocolTally): void {
  to.flows += from.flows
  to.packets += from.packets
  to.bytes += from.bytes
  to.messages += from.messages
}

function addDevice(to: DeviceTally, from: DeviceTally): void {
  to.packets += from.packets
  to.bytesSent += from.bytesSent
  to.bytesReceived += from.bytesReceived
  for (const [word, { amount }] of from.services) addWord(to.services, word, amount)
  for (const [word, { amount }] of from.targets) addWord(to.targets, word, amount)
}

/** Adds to the count of a word; words beyond the limit are counted as `other`. */
export function addWord(words: Words, word: Word, amount: number): void {
  const known = words.get(word) ?? (words.size < wordLimit ? undefined : words.get('other'))
  if (known !== undefined) known.amount += amount
  else words.set(words.size < wordLimit ? word : 'other', { amount })
}

/** The words with the highest counts, highest first; `other` is none. */
export function topWords(words: Words, count: number): string[] {
  return [...words]
    .filter(([word]) => word !== 'other')
    .toSorted(([, a], [, b]) => b.amount - a.amount)
    .slice(0, count)
    .map(([word]) => (typeof word === 'string' ? word : (ipText(4, word, 0, 0, 0) ?? '')))
}
