import { type Dhcp4Message } from './dhcp4.ts'
import { type Dhcp6Message } from './dhcp6.ts'

export type DhcpMessage = Dhcp4Message | Dhcp6Message

/** The part of an `orthrus.dhcp` document that the message itself fills. */
export interface DhcpFields {
  readonly event: { readonly action: string }
  readonly client?: { readonly mac?: string; readonly ip?: string }
  readonly orthrus: { readonly dhcp: Readonly<Record<string, Value>> }
}

/**
 * ECS fields of a message (EVENTS.md `orthrus.dhcp`). `client.ip` is the address that the client has
 * or gets: what a server gives it, else what it says that it uses.
 */
export function dhcpFields(message: DhcpMessage): DhcpFields {
  const ip = message.version === 4 ? assigned4(message) : assigned6(message)
  const client = {
    ...(message.clientMac !== undefined && { mac: message.clientMac }),
    ...(ip !== undefined && { ip }),
  }
  return {
    event: { action: message.action },
    ...(Object.keys(client).length > 0 && { client }),
    orthrus: { dhcp: present(message.version === 4 ? fields4(message) : fields6(message)) },
  }
}

function assigned4(message: Dhcp4Message): string | undefined {
  return message.assignedIp ?? message.clientIp
}

function assigned6(message: Dhcp6Message): string | undefined {
  return message.fromServer ? message.addresses?.[0] : undefined
}

type Value = string | number | boolean | readonly string[]

function fields4(message: Dhcp4Message): Record<string, Value | undefined> {
  return {
    ...shared(message),
    requested_ip: message.requestedIp,
    server_ip: message.serverIp,
    relay_ip: message.relayIp,
    hostname: message.hostname,
    user_class: message.userClass,
    message: message.message,
  }
}

function fields6(message: Dhcp6Message): Record<string, Value | undefined> {
  return {
    ...shared(message),
    requested_ip: message.fromServer ? undefined : message.addresses?.[0],
    relay_ip: message.relays[0]?.link,
    user_class: message.userClass,
    server_id: message.serverId,
    addresses: message.addresses,
    prefixes: message.prefixes,
    message: message.statusMessage,
  }
}

function shared(message: DhcpMessage): Record<string, Value | undefined> {
  return {
    transaction_id: message.transactionId,
    fqdn: message.fqdn,
    vendor_class: message.vendorClass,
    client_id: message.clientId,
    parameter_list: message.parameterList,
    lease_time: message.leaseTime,
    cut: message.cut || undefined,
  }
}

function present(fields: Record<string, Value | undefined>): Record<string, Value> {
  const kept: Record<string, Value> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) kept[name] = value
  return kept
}
