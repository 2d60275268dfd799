import { type IcmpEvent } from '../../decode/icmp.ts'
import { type NdpEvent } from '../../decode/ndp.ts'
import { type SlotTable } from './context.ts'

/** Fields that rules about pings and errors read; the rest comes from the document. */
export const icmpSlots: SlotTable<IcmpEvent> = {
  'event.action': () => icmp => `icmp-${icmp.action}`,
  'orthrus.icmp.type': () => icmp => icmp.type,
  'orthrus.icmp.code': () => icmp => icmp.code,
}

/** The same of neighbour discovery. */
export const ndpSlots: SlotTable<NdpEvent> = {
  'event.action': () => ndp => `ndp-${ndp.action}`,
  'orthrus.ndp.router_lifetime': () => ndp => ndp.routerLifetime,
}
