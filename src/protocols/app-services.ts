import { both, type Probe, type Signature, tcp, udp } from './app-probe.ts'

const KERBEROS_REQUESTS = [0x6a, 0x6c]
const KERBEROS_REPLIES = [0x6b, 0x6d, 0x7e]

/** Services of a network: names, files, login, time, management. */
export const serviceSignatures: readonly Signature[] = [
  tcp('tls', [0x16], p => p.u8(1) === 3 && p.u8(2) <= 4 && p.u16(3) < 0x4800 && isHello(p.u8(5))),
  tcp('ssh', 'S', p => p.starts('SSH-2.0-', 'SSH-1.')),
  udp('dtls', [0x14, 0x15, 0x16, 0x17], isDtls),
  // Session service (RFC 1002 4.3.1) or bare: a message of SMB 1, 2 or its encrypted form
  tcp('smb', [0x00], p => [0xff, 0xfe, 0xfd].includes(p.u8(4)) && p.is(5, 'SMB')),
  tcp('netbios-ssn', [0x81], p => p.u16(2) === 68 && p.u8(4) === 32 && p.u8(38) === 32),
  both('dcerpc', [0x05], isDcerpc),
  udp('dcerpc', [0x04], p => p.u8(1) < 20 && p.u8(4) === 0x10 && p.u16(5) === 0 && p.length >= 80),
  tcp('rdp', [0x03], isRdp),
  tcp('kerberos', [0x00], p => p.fills(0, 4) && isKerberos(p, 4)),
  udp('kerberos', [...KERBEROS_REQUESTS, ...KERBEROS_REPLIES], p => isKerberos(p, 0)),
  both('ldap', [0x30], isLdap),
  both('snmp', [0x30], isSnmp),
  udp('ntp', [], isNtp),
  udp('slp', [0x01, 0x02], isSlp),
  udp('radius', [], isRadius),
  udp('tftp', [0x00], isTftp),
  udp('nfs', [], p => rpcProgram(p, 0) === 100_003),
  tcp('nfs', [0x80], p => rpcProgram(p, 4) === 100_003),
  udp('sunrpc', [], p => rpcProgram(p, 0) > 0),
  tcp('sunrpc', [0x80], p => rpcProgram(p, 4) > 0),
  both('stun', [0x00, 0x01], isStun),
  tcp('bgp', [0xff], p => p.u32(0) === 0xffffffff && p.u32(12) === 0xffffffff && p.u8(18) <= 5),
  udp('ipfix', [0x00], p => p.u16(0) === 10 && p.u16(2) === p.length && p.length > 16),
  udp('netflow', [0x00], p => p.u16(0) === 5 && p.length === 24 + 48 * p.u16(2)),
  udp('netflow', [0x00], p => p.u16(0) === 9 && p.on(2055, 9995, 9996) && p.length > 20),
  udp('sflow', [0x00], p => p.u32(0) === 5 && p.u32(4) >= 1 && p.u32(4) <= 2 && p.on(6343)),
  udp('rtcp', [0x80, 0x81, 0x82], isRtcp),
  tcp('diameter', [0x01], p => (p.u32(0) & 0xffffff) === p.length && (p.u8(4) & 0x0f) === 0),
  tcp('afp', [0x00, 0x01], p => p.u8(1) <= 8 && p.u32(8) === p.length - 16 && p.on(548)),
  udp('rip', [1, 2], p => p.u8(1) <= 2 && (p.length - 4) % 20 === 0 && p.on(520)),
  udp('ptp', [], p => p.u16(2) === p.length && (p.u8(1) & 0x0f) === 2 && p.on(319, 320)),
  udp('hsrp', [0x00], p => p.u8(1) <= 3 && p.length === 20 && p.on(1985)),
  udp('netbios-dgm', [0x10, 0x11], p => p.u8(1) <= 15 && p.u16(10) > 0 && p.on(138)),
]

function isHello(type: number): boolean {
  return type === 1 || type === 2
}

// RFC 6347 4.1: type, version, epoch, sequence, length
function isDtls(p: Probe): boolean {
  const version = p.u16(1)
  const known = version === 0xfeff || version === 0xfefd || version === 0x0100
  return known && p.u16(11) > 0 && p.u16(11) <= p.length - 13
}

// C706 12.6.3.1: version 5.0 or 5.1, type, data representation, fragment length
function isDcerpc(p: Probe): boolean {
  const little = p.u8(4) === 0x10
  if (p.u8(1) > 1 || p.u8(2) > 20 || (!little && p.u8(4) !== 0) || p.u16(6) !== 0) return false
  const length = little ? p.u16le(8) : p.u16(8)
  return length >= 16 && length <= Math.max(p.length, 5840)
}

// RFC 1006 TPKT around X.224: a connection request or confirm with a cookie or negotiation
function isRdp(p: Probe): boolean {
  if (p.u8(1) !== 0 || p.u16(2) !== p.length || p.u8(4) !== p.length - 5) return false
  if (p.fromServer) return p.u8(5) === 0xd0 && (p.u8(11) === 2 || p.u8(11) === 3)
  if (p.u8(5) !== 0xe0) return false
  return p.is(11, 'Cookie: mst') || (p.u8(11) === 1 && p.u16le(13) === 8) || p.on(3389)
}

// RFC 4120 5.10: tag of the message, a sequence, pvno 5 in [1] of a request, [0] of the others
function isKerberos(p: Probe, at: number): boolean {
  const tag = p.u8(at)
  const request = KERBEROS_REQUESTS.includes(tag)
  if (!request && !KERBEROS_REPLIES.includes(tag)) return false
  const sequence = p.berContent(at)
  const field = p.berContent(sequence)
  if (p.u8(sequence) !== 0x30 || p.u8(field) !== (request ? 0xa1 : 0xa0)) return false
  return p.u32(field + 1) === 0x03020105
}

// RFC 4511 4.1.1: a sequence of message id and an operation
function isLdap(p: Probe): boolean {
  const id = p.berContent(0)
  if (p.berSize(0) < 7 || p.u8(id) !== 2) return false
  const octets = p.u8(id + 1)
  const operation = p.u8(id + 2 + octets)
  return octets >= 1 && octets <= 4 && LDAP_OPERATIONS.has(operation)
}

// bind, unbind, search, modify, add, delete, rename, compare, abandon, extended, and their answers
const LDAP_OPERATIONS = new Set([
  0x60, 0x61, 0x42, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x4a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
  0x50, 0x73, 0x77, 0x78, 0x79,
])

// RFC 1157 4, RFC 3412 6: version 0, 1 or 3, then a community or the header of version 3
function isSnmp(p: Probe): boolean {
  const at = p.berContent(0)
  if (p.u16(at) !== 0x0201 || p.berSize(0) !== p.length) return false
  const version = p.u8(at + 2)
  const next = p.u8(at + 3)
  return version === 3 ? next === 0x30 : version >= 0 && version <= 1 && next === 4
}

// RFC 5905 7.3. Away from its port only a client's first question is sure: all zero but the time.
function isNtp(p: Probe): boolean {
  const mode = p.u8(0) & 7
  const version = (p.u8(0) >> 3) & 7
  if (version < 1 || version > 4 || mode === 0) return false
  if (mode >= 6) return p.on(123) && p.length >= 8 // control and private messages
  if (p.length < 48 || p.u8(1) > 16) return false
  return p.on(123) || (p.length === 48 && mode === 3 && p.u32(4) === 0 && p.u32(12) === 0)
}

// RFC 2608 8, RFC 2165 4: version, function, length of all; the first version looks like RADIUS
function isSlp(p: Probe): boolean {
  const length = p.u8(0) === 1 ? p.u16(2) : p.u32(1) & 0xffffff
  return p.on(427) && p.u8(1) >= 1 && p.u8(1) <= 11 && length === p.length
}

// RFC 2865 3: code, id, length, authenticator; attributes that fill the rest, as far as it is here
function isRadius(p: Probe): boolean {
  const code = p.u8(0)
  const known = (code >= 1 && code <= 5) || code === 11 || (code >= 40 && code <= 45)
  if (!known || p.u16(2) !== p.length || p.length < 26) return false
  let at = 20
  for (let i = 0; i < 64 && at + 1 < p.held; i++) {
    const length = p.u8(at + 1)
    if (length < 2) return false
    at += length
  }
  return p.held < p.length ? at <= p.length : at === p.length
}

// RFC 1350 5: read or write request, file name, mode
function isTftp(p: Probe): boolean {
  if (p.u8(1) !== 1 && p.u8(1) !== 2) return false
  let end = 2
  while (end < 256 && p.u8(end) > 0) end++
  return TFTP_MODES.some(mode => p.is(end, mode))
}

const TFTP_MODES = ['\0octet\0', '\0netascii\0', '\0OCTET\0', '\0NETASCII\0']

// RFC 5531 9: xid, call, version 2, program; a call only, an answer names none
function rpcProgram(p: Probe, at: number): number {
  if (p.u32(at + 4) !== 0 || p.u32(at + 8) !== 2 || p.length < at + 40) return 0
  const program = p.u32(at + 12)
  return program >= 100_000 && program <= 0x5fffffff ? program : 0
}

// RFC 8489 5; without the cookie (RFC 3489) only a binding message on its port
function isStun(p: Probe): boolean {
  const length = p.u16(2)
  if (length > p.length - 20) return false
  return p.u32(4) === 0x2112a442 || (p.on(3478, 19_302) && (p.u16(0) & 0x3eff) === 1)
}

// RFC 3550 6.4: version 2, type 200 to 204, length in words
function isRtcp(p: Probe): boolean {
  const size = 4 * (p.u16(2) + 1)
  const type = p.u8(1)
  if (type < 200 || type > 204 || size > p.length || size < 8) return false
  return (
    size === p.length || (p.u8(size) >> 6 === 2 && p.u8(size + 1) >= 200 && p.u8(size + 1) < 208)
  )
}
