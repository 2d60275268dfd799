import { type IpAddress } from '../../decode/address.ts'
import { isoTime } from '../../decode/clock.ts'
import { type Packet } from '../../decode/packet.ts'
import { hasPorts, transportName } from '../../decode/protocol.ts'
import { type EndFacts } from '../../enrich/enrichment.ts'
import { ecsVersion, observerFields } from '../alert.ts'
import { type EventContext } from './context.ts'
import { type Fields } from './document.ts'

/** What every event document has: time, kind, dataset, observer, ends, VLANs, direction, tunnel. */
export function commonFields(kind: string, packet: Packet, context: EventContext): Fields {
  const { sourceIp, destinationIp, outer } = packet
  const source = context.source?.(packet)
  const destination = context.destination?.(packet)
  const ends = [sourceIp, destinationIp, outer?.source.text, outer?.destination.text]
  return {
    '@timestamp': isoTime(packet.time),
    ecs: { version: ecsVersion },
    event: {
      kind: 'event',
      category: ['network'],
      module: 'orthrus',
      dataset: `orthrus.${kind}`,
    },
    observer: {
      ...(context.observer === undefined ? {} : observerFields(context.observer)),
      [packet.egress ? 'egress' : 'ingress']: {
        interface: { name: context.interfaceName(packet.ifindex) },
      },
    },
    source: { mac: packet.sourceMac, ip: sourceIp, ...placeFields(source) },
    destination: { mac: packet.destinationMac, ip: destinationIp, ...placeFields(destination) },
    network: {
      direction: context.direction(packet),
      vlan: { id: vlanId(packet.vlan) },
      inner: { vlan: { id: vlanId(packet.innerVlan) } },
    },
    related: { ip: relatedIps(ends) },
    orthrus: {
      tunnel: tunnelFields(packet),
      source: { device: source?.device },
      destination: { device: destination?.device },
    },
  }
}

/** What documents of IP packets have besides: protocol numbers and names, ports, Community ID. */
export function ipFields(packet: Packet): Fields {
  if (packet.family === 0) return {}
  const ported = hasPorts(packet.protocol)
  return {
    source: { port: ported ? packet.sourcePort : undefined },
    destination: { port: ported ? packet.destinationPort : undefined },
    network: {
      type: packet.family === 4 ? 'ipv4' : 'ipv6',
      transport: transportName(packet.protocol),
      iana_number: String(packet.protocol),
      community_id: packet.communityId,
    },
  }
}

/** The addresses that are known and name somebody, for `related.ip`. */
export function relatedIps(addresses: readonly (string | undefined)[]): readonly string[] {
  return addresses.filter(ip => ip !== undefined && ip !== '0.0.0.0' && ip !== '::') as string[]
}

/** The text of an address, absent without one. */
export function textOf(address: IpAddress | undefined): string | undefined {
  return address?.text
}

function placeFields(facts: EndFacts | undefined): Fields {
  const { asn, organization, country } = facts?.place ?? {}
  return {
    as: { number: asn, organization: { name: organization } },
    geo: { country_iso_code: country },
  }
}

function vlanId(vlan: number): string | undefined {
  return vlan === 0 ? undefined : String(vlan)
}

function tunnelFields({ tunnelName, tunnelId, outer }: Packet): Fields | undefined {
  if (tunnelName === undefined) return undefined
  return {
    kind: tunnelName,
    id: tunnelId,
    outer: { source: textOf(outer?.source), destination: textOf(outer?.destination) },
  }
}
