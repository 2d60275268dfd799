import { both, type Probe, type Signature, tcp, udp } from './app-probe.ts'

/** Protocols of plants, buildings and things. */
export const industrySignatures: readonly Signature[] = [
  both('dnp3', [0x05], p => p.u8(1) === 0x64 && p.u8(2) >= 5 && p.length >= 10 && isDnp3Size(p)),
  tcp('s7comm', [0x03], p => p.u8(1) === 0 && p.u16(2) <= p.length && p.u8(7) === 0x32),
  tcp('cotp', [0x03], p => p.u8(1) === 0 && p.u16(2) === p.length && isCotp(p.u8(5)) && p.on(102)),
  tcp('iec104', [0x68], isIec104),
  tcp('modbus', [], isModbus),
  udp('bacnet', [0x81], p => p.u8(1) <= 12 && p.u16(2) === p.length && p.length >= 6),
  tcp('opcua', 'HAOME', p => isOpcUa(p) && p.u32le(4) >= 8 && p.u32le(4) <= 65_536),
  both('enip', [0x63, 0x65, 0x64, 0x04, 0x6f, 0x70], isEnip),
  udp('coap', [], isCoap),
]

// IEEE 1815 9.2: the length counts five octets of the header and the data, each 16 with a CRC
function isDnp3Size(p: Probe): boolean {
  const data = p.u8(2) - 5
  return p.length >= 10 + data + 2 * Math.ceil(data / 16) || p.on(20_000)
}

function isCotp(type: number): boolean {
  return type === 0xe0 || type === 0xd0 || type === 0xf0
}

// IEC 60870-5-104 5.1: start, length, four control octets
function isIec104(p: Probe): boolean {
  const length = p.u8(1)
  if (length < 4 || length > 253 || length > p.length - 2) return false
  const control = p.u8(2)
  const unnumbered = length === 4 && [0x07, 0x0b, 0x13, 0x23, 0x43, 0x83].includes(control)
  if (unnumbered && p.u8(3) + p.u8(4) + p.u8(5) === 0) return true
  return p.on(2404) && ((control & 1) === 0 || (control === 1 && length === 4))
}

// MBAP: transaction, protocol 0, length, unit, function. Away from its port only a plain request.
function isModbus(p: Probe): boolean {
  if (p.u16(2) !== 0 || !p.fills(4, 2) || p.length < 8) return false
  const code = p.u8(7) & 0x7f
  if (p.on(502)) return code >= 1 && code <= 43
  const plain = p.length === 12 && code >= 1 && code <= 6
  return !p.fromServer && plain && p.u16(0) > 0 && p.u16(0) < 256 && (code > 4 || p.u16(10) <= 2000)
}

function isOpcUa(p: Probe): boolean {
  return p.starts('HELF', 'ACKF', 'OPNF', 'MSGF', 'ERRF')
}

// Command, length of what follows the 24-octet header, session, status, context
function isEnip(p: Probe): boolean {
  if (p.u8(1) !== 0 || p.u16le(2) !== p.length - 24 || p.u32le(8) !== 0) return false
  return p.on(44_818, 2222) || (p.u8(0) === 0x65 && p.length === 28 && p.u16le(24) === 1)
}

// RFC 7252 3: version 1, token of at most 8 octets, a code class in use; too little without a port
function isCoap(p: Probe): boolean {
  const head = p.u8(0)
  const klass = p.u8(1) >> 5
  const known = klass === 0 || klass === 2 || klass === 4 || klass === 5
  return p.on(5683) && head >> 6 === 1 && (head & 0xf) <= 8 && known && p.length >= 4
}
