import { type ArpEvent } from '../decode/arp.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type IcmpEvent } from '../decode/icmp.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type ProtocolEvent } from './protocol.ts'

/** What happened on the wire, decoded: messages and fragments have become events of a protocol. */
export type TrafficEvent = FlowEvent | ArpEvent | NdpEvent | IcmpEvent | ProtocolEvent
