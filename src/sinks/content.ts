import { domainParts } from '../protocols/dns-ecs.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { typeName } from '../protocols/dns-types.ts'
import { type HttpEvent } from '../protocols/http-events.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'

/** What a line says of a conversation's content; no `service` when there is nothing new to say. */
export interface Content {
  readonly service?: string
  /** From the wire: to be escaped. */
  readonly detail?: string | undefined
}

/** The protocol and the name that the client asks for. */
export function content(event: ProtocolEvent): Content {
  switch (event.kind) {
    case 'dns':
      return question(event)
    case 'tls':
      return { service: 'tls', detail: event.client?.hello?.serverName }
    case 'quic':
      return { service: 'quic', detail: event.facts.clientHello?.serverName }
    case 'http':
      return request(event)
    case 'ssh':
      return { service: 'ssh', detail: event.server?.software ?? event.client?.software }
    case 'dhcp':
      return { service: 'dhcp', detail: event.message.action.replace(/^dhcp-/, '') }
  }
}

/** One line a registrable domain, not one a name: browsing has thousands. */
function question({ message, asked }: DnsEvent): Content {
  if (message.isResponse || asked === undefined) return {}
  const name = asked.name ?? ''
  return {
    service: message.dialect,
    detail: `${domainParts(name).registered_domain ?? name} ${typeName(asked.type)}`,
  }
}

function request({ request: head, action }: HttpEvent): Content {
  if (head === undefined || action === 'http-response') return {}
  return { service: 'http', detail: `${head.method} ${head.host ?? ''}` }
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum
}
