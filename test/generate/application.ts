import { type Bytes, concat, ip, mac, noise, raw, u8, u16, u32 } from './bytes.ts'

/** Head of an HTTP/1 request, blank line included; `Host` first unless given among the headers. */
export function httpRequest(
  options: {
    readonly method?: string
    readonly target?: string
    readonly host?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly version?: string
  } = {},
  body: Bytes = '',
): Uint8Array {
  const { method = 'GET', target = '/', host = 'www.example.com', version = '1.1' } = options
  const headers = { Host: host, ...options.headers }
  return concat(`${method} ${target} HTTP/${version}\r\n${headerLines(headers)}\r\n`, body)
}

/** Head of an HTTP/1 response with a Content-Length, and its body. */
export function httpResponse(
  options: {
    readonly status?: number
    readonly reason?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly version?: string
  } = {},
  body: Bytes = '',
): Uint8Array {
  const { status = 200, reason = 'OK', version = '1.1' } = options
  const headers = { 'Content-Length': String(raw(body).length), ...options.headers }
  return concat(`HTTP/${version} ${status} ${reason}\r\n${headerLines(headers)}\r\n`, body)
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

export const QUIC_V1 = 1
export const QUIC_V2 = 0x6b3343cf
export const QUIC_DRAFT_29 = 0xff00001d

/** A datagram that looks like a QUIC Initial (RFC 9000 17.2.2); its protected part is noise. */
export function quicInitial(
  options: {
    readonly version?: number
    readonly dcid?: Uint8Array
    readonly scid?: Uint8Array
    readonly token?: Uint8Array
    /** Length of the whole datagram; clients send at least 1,200. */
    readonly size?: number
  } = {},
): Uint8Array {
  const { version = QUIC_V1, dcid = noise(8, 1), scid = u8(), token = u8() } = options
  // RFC 9369 3.2: version 2 numbers its packet types differently.
  const first = version === QUIC_V2 ? 0xd0 : 0xc0
  const head = concat(
    u8(first),
    u32(version),
    u8(dcid.length),
    dcid,
    u8(scid.length),
    scid,
    u16(0x4000 | token.length),
    token,
  )
  const rest = Math.max(20, (options.size ?? 1200) - head.length - 2)
  return concat(head, u16(0x4000 | rest), noise(rest, 11))
}

/** An SSH identification line (RFC 4253 4.2). */
export function sshBanner(software = 'OpenSSH_9.2p1 Debian-2', ending = '\r\n'): Uint8Array {
  return raw(`SSH-2.0-${software}${ending}`)
}

const SSH_LISTS = [
  'sntrup761x25519-sha512@openssh.com,curve25519-sha256,ecdh-sha2-nistp256',
  'ssh-ed25519,rsa-sha2-512,rsa-sha2-256',
  'chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com',
  'umac-64-etm@openssh.com,hmac-sha2-256',
  'umac-64-etm@openssh.com,hmac-sha2-256',
  'none,zlib@openssh.com',
  'none,zlib@openssh.com',
  '',
  '',
] as const

/** SSH_MSG_KEXINIT in its binary packet (RFC 4253 7.1). */
export function sshKexInit(lists: readonly string[] = SSH_LISTS): Uint8Array {
  const names = lists.map(list => concat(u32(list.length), list))
  const payload = concat(u8(20), noise(16, 4), ...names, u8(0), u32(0))
  // RFC 4253 6: the whole packet is a multiple of 8, with at least 4 bytes of padding.
  const pad = 4 + ((8 - ((5 + payload.length + 4) % 8)) % 8)
  return concat(u32(1 + payload.length + pad), u8(pad), payload, new Uint8Array(pad))
}

export const DHCP_DISCOVER = 1
export const DHCP_OFFER = 2
export const DHCP_REQUEST = 3
export const DHCP_ACK = 5

/** A DHCPv4 message (RFC 2131). */
export interface DhcpOptions {
  readonly type: number
  readonly clientMac: string
  readonly xid?: number
  readonly clientIp?: string
  readonly yourIp?: string
  readonly serverIp?: string
  readonly requested?: string
  readonly hostname?: string
  readonly vendor?: string
  readonly clientId?: Uint8Array
  readonly parameters?: readonly number[]
  readonly router?: string
  readonly dns?: readonly string[]
  /** Seconds. */
  readonly lease?: number
}

/** Bytes of a DHCPv4 message, padded to 300 as BOOTP wants. */
export function dhcp(options: DhcpOptions): Uint8Array {
  const reply = options.type === DHCP_OFFER || options.type === DHCP_ACK
  const zero = '0.0.0.0'
  const fixed = concat(
    u8(reply ? 2 : 1, 1, 6, 0),
    u32(options.xid ?? 0x3903f326),
    u16(0, 0),
    ip(options.clientIp ?? zero),
    ip(options.yourIp ?? zero),
    ip(options.serverIp ?? zero),
    ip(zero),
    mac(options.clientMac),
    new Uint8Array(10 + 64 + 128),
    u32(0x63825363),
  )
  const message = concat(fixed, ...dhcpList(options), u8(255))
  return concat(message, new Uint8Array(Math.max(0, 300 - message.length)))
}

function dhcpList(options: DhcpOptions): Uint8Array[] {
  const { requested, hostname, vendor, clientId, parameters, router, lease, serverIp } = options
  const list: [number, Uint8Array][] = [[53, u8(options.type)]]
  if (clientId) list.push([61, clientId])
  if (requested) list.push([50, ip(requested)])
  if (serverIp) list.push([54, ip(serverIp)])
  if (hostname) list.push([12, raw(hostname)])
  if (vendor) list.push([60, raw(vendor)])
  if (lease) list.push([51, u32(lease)])
  if (router) list.push([1, ip('255.255.255.0')], [3, ip(router)])
  if (options.dns) list.push([6, concat(...options.dns.map(ip))])
  if (parameters) list.push([55, u8(...parameters)])
  return list.map(([code, value]) => concat(u8(code, value.length), value))
}

export const DHCP6_SOLICIT = 1
export const DHCP6_ADVERTISE = 2
export const DHCP6_REQUEST = 3
export const DHCP6_REPLY = 7

/** A DHCPv6 message (RFC 8415) with DUID-LL ids, an IA_NA and a client FQDN. */
export function dhcp6(options: {
  readonly type: number
  readonly clientMac: string
  readonly serverMac?: string
  readonly xid?: number
  readonly address?: string
  readonly fqdn?: string
}): Uint8Array {
  const duid = (text: string) => concat(u16(3, 1), mac(text))
  const option = (code: number, value: Uint8Array) => concat(u16(code, value.length), value)
  const address = options.address ? option(5, concat(ip(options.address), u32(3600, 7200))) : u8()
  const xid = options.xid ?? 0xabcdef
  return concat(
    u8(options.type, xid >>> 16, xid >>> 8, xid),
    option(1, duid(options.clientMac)),
    options.serverMac ? option(2, duid(options.serverMac)) : u8(),
    option(3, concat(u32(1, 0, 0), address)),
    option(6, u16(23, 24)),
    options.fqdn ? option(39, concat(u8(0), u8(options.fqdn.length), options.fqdn)) : u8(),
  )
}
