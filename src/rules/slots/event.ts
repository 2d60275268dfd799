import { type AddressSlot, type FieldReader, type Slot } from '../fields.ts'
import { isProduced } from '../mapping/catalogue.ts'
import { type Kind } from '../mapping/kind.ts'
import { commonAddresses, ipAddresses } from './addresses.ts'
import { commonSlots, ipSlots } from './common.ts'
import { type RuleEvent, type SlotContext, type SlotTable } from './context.ts'
import { dnsSlots } from './dns.ts'
import { endSlots } from './ends.ts'
import { flowSlots } from './flow.ts'
import { httpSlots } from './http.ts'
import { icmpSlots, ndpSlots } from './link.ts'
import { objectReader, readPath } from './object.ts'
import { quicSlots, tlsSlots } from './tls.ts'

/** Of these fields every kind has few values, and they cost next to nothing where it is listed. */
const coarse: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  flow: ['event.action', 'network.direction', 'network.transport', 'orthrus.flow.state'],
  dns: ['dns.type', 'network.direction', 'network.protocol', 'network.transport'],
  http: ['event.action', 'network.direction'],
  tls: ['event.action', 'network.direction'],
  quic: ['event.action', 'network.direction'],
}

type Table = SlotTable<never>

const tables: Readonly<Partial<Record<Kind, readonly Table[]>>> = {
  flow: [flowSlots, ipSlots, commonSlots, endSlots],
  dns: [dnsSlots, ipSlots, commonSlots, endSlots],
  http: [httpSlots, ipSlots, commonSlots, endSlots],
  tls: [tlsSlots, ipSlots, commonSlots, endSlots],
  quic: [quicSlots, ipSlots, commonSlots, endSlots],
  ssh: [ipSlots, commonSlots, endSlots],
  dhcp: [ipSlots, commonSlots, endSlots],
  icmp: [icmpSlots, ipSlots, commonSlots, endSlots],
  arp: [commonSlots, endSlots],
  ndp: [ndpSlots, commonSlots, endSlots],
}

/**
 * Reads live events: the fields that rules read most straight from the event, all others from its
 * ECS document, which is made once for an event and only when such a field is asked for.
 */
export function eventReaders(context: SlotContext): (kind: Kind) => FieldReader<RuleEvent> {
  const document = remembered(context)
  return kind => ({
    addressOf(field) {
      const known = kind in tables ? commonAddresses : {}
      const own = tables[kind]?.includes(ipSlots) ? { ...known, ...ipAddresses } : known
      return Object.hasOwn(own, field) ? (own[field] as AddressSlot<RuleEvent>) : undefined
    },
    slotOf(field) {
      for (const table of tables[kind] ?? []) {
        if (Object.hasOwn(table, field)) return table[field]?.(context) as Slot<RuleEvent>
      }
      if (!isProduced(kind, field)) return undefined
      return event => readPath(document(event), field)
    },
    isCoarse: field => coarse[kind]?.includes(field) === true,
    texts: event => objectReader.texts(document(event)),
  })
}

/** The document of the latest event: its rules come one after the other. */
function remembered(context: SlotContext): (event: RuleEvent) => object {
  let latest: RuleEvent | undefined
  let made: object = {}
  return event => {
    if (event !== latest) {
      made = context.document(event)
      latest = event
    }
    return made
  }
}
