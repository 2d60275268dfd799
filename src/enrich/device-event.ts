import { type Evidence } from './device.ts'

/** What the inventory has to say. Times are µs since the Unix epoch. */
export interface DeviceEvent {
  readonly kind: 'device'
  readonly action: 'device-new' | 'device-new-address'
  readonly time: number
  readonly deviceId: string
  /** As ECS writes it: `00-00-5E-00-53-23`. */
  readonly sourceMac: string
  /** The address that was seen, when the evidence named one. */
  readonly sourceIp?: string
  /** All addresses of the device, the new one included. */
  readonly addresses: readonly string[]
  readonly vendor?: string
  readonly randomised: boolean
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  readonly firstSeen: number
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
