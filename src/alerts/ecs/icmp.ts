import { type IcmpEvent } from '../../decode/icmp.ts'
import { hasPorts, transportName } from '../../decode/protocol.ts'
import { type QuotedPacket } from '../../decode/quoted.ts'
import { ipFields, relatedIps, textOf } from './common.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.icmp`: the message, and the conversation that an error speaks of. */
export function icmpFields(icmp: IcmpEvent): Fields {
  const { quoted } = icmp
  const gateway = textOf(icmp.gateway)
  return joinFields(ipFields(icmp.packet), {
    event: { action: `icmp-${icmp.action}`, type: ['protocol'] },
    related: { ip: relatedIps([gateway, textOf(quoted?.source), textOf(quoted?.destination)]) },
    orthrus: {
      icmp: {
        type: icmp.type,
        code: icmp.code,
        id: icmp.isEcho ? icmp.id : undefined,
        payload_bytes: icmp.payloadBytes,
        gateway,
        quoted: quoted === undefined ? undefined : quotedFields(quoted),
      },
    },
  })
}

function quotedFields(quoted: QuotedPacket): Fields {
  const ported = quoted.complete && hasPorts(quoted.protocol)
  return {
    transport: transportName(quoted.protocol),
    community_id: quoted.communityId,
    source: { ip: quoted.source.text, port: ported ? quoted.sourcePort : undefined },
    destination: { ip: quoted.destination.text, port: ported ? quoted.destinationPort : undefined },
  }
}
