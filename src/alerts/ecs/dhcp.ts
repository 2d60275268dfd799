import { dhcpFields } from '../../protocols/dhcp-ecs.ts'
import { type DhcpEvent } from '../../protocols/dhcp-events.ts'
import { ipFields, relatedIps } from './common.ts'
import { knownHosts } from './dns.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.dhcp`: one message of DHCPv4 or DHCPv6. */
export function dhcpDocument({ packet, message, exchange }: DhcpEvent): Fields {
  const fields = dhcpFields(message)
  return joinFields(ipFields(packet), fields as unknown as Fields, {
    event: { type: ['protocol', 'info'] },
    network: { protocol: message.version === 4 ? 'dhcp' : 'dhcpv6' },
    related: {
      ip: relatedIps([fields.client?.ip]),
      hosts: knownHosts([message.fqdn, message.version === 4 ? message.hostname : undefined]),
    },
    orthrus: { dhcp: { servers: exchange?.servers } },
  })
}
