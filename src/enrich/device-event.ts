import { type Evidence } from './device.ts'
import { type IdentityEvidence } from './identity-score.ts'
import { type Role } from './roles.ts'

/**
 * `device-new-address` is an IP address or a MAC that a known device did not have; `-changed` an
 * address that was another device's just now, `device-flip-flop` the same there and back.
 */
export const deviceActions = [
  'device-new',
  'device-new-address',
  'device-address-changed',
  'device-flip-flop',
  'device-ethernet-mismatch',
  'device-bogon',
  'device-returned',
  'device-renamed',
  'device-silent',
] as const
export type DeviceAction = (typeof deviceActions)[number]

/** Why a card that was never seen is taken for a known device's. */
export interface Recognition {
  /** 0 to 1; from 0.7 on it is taken for the same. */
  readonly score: number
  readonly evidence: readonly IdentityEvidence[]
  /** MACs of the device before, the latest last. */
  readonly macs: readonly string[]
  /** Known devices that it might have been just as well. */
  readonly candidates: number
}

/** The device that had the address before. */
export interface PreviousOwner {
  readonly deviceId: string
  readonly mac: string
  readonly name?: string
  readonly vendor?: string
  /** µs when it used the address last. */
  readonly lastSeen: number
}

/** What some actions have to say besides. */
export interface DeviceNews {
  /** Of device-new-address: what is new. */
  readonly change?: 'ip' | 'mac'
  readonly identity?: Recognition
  /** Of a new device: taken for one that it cannot be, as both are there at once. */
  readonly apartFrom?: string
  readonly previous?: PreviousOwner
  /** Two routers that back each other up. */
  readonly failover?: boolean
  /** Of device-renamed. */
  readonly name?: string
  readonly previousName?: string
  /** µs without a word: of device-returned and device-silent. */
  readonly silence?: number
  /** Who wrote the frame that names another as its sender. */
  readonly ethernetSource?: string
}

/** What the inventory has to say. Times are µs since the Unix epoch. */
export interface DeviceEvent extends DeviceNews {
  readonly kind: 'device'
  readonly action: DeviceAction
  readonly time: number
  readonly deviceId: string
  /** As ECS writes it: `00-00-5E-00-53-23`. */
  readonly sourceMac: string
  /** The address that was seen, when the evidence named one. */
  readonly sourceIp?: string
  /** Of a new device without an address: such ones in the last minute, this one included; 64 at most. */
  readonly crowd?: number
  /** All addresses of the device, the new one included. */
  readonly addresses: readonly string[]
  readonly vendor?: string
  readonly randomised: boolean
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  readonly firstSeen: number
  /** What the device calls itself, the best name first. */
  readonly names: readonly string[]
  readonly roles: readonly Role[]
  readonly tags: readonly string[]
  /** The device is the sensor itself. */
  readonly self: boolean
  /** Still in the learning period: no alert comes of it. */
  readonly learning: boolean
  /** First packet of this memory: the same device, new to another memory, is another finding. */
  readonly epoch: number
  /** µs of observed time that the memory holds, and how many devices it knows. */
  readonly observed: number
  readonly known: number
}
