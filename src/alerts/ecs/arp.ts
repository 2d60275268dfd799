import { type ArpEvent } from '../../decode/arp.ts'
import { type Fields } from './document.ts'

/** `orthrus.arp`: source is the sender that the packet names, destination its target. */
export function arpFields(arp: ArpEvent): Fields {
  return {
    event: { action: `arp-${arp.action}`, type: ['protocol'] },
    orthrus: {
      arp: {
        opcode: arp.operation === 0 ? undefined : arp.operation,
        ethernet_source: arp.ethernetSource?.text,
      },
    },
  }
}
