import { type Probe, type Signature, tcp, udp } from './app-probe.ts'

/** Stores and message brokers. */
export const databaseSignatures: readonly Signature[] = [
  // Message formats: SSLRequest, GSSENCRequest, CancelRequest, then StartupMessage 3.x
  tcp('postgresql', [0x00], isPostgresStart),
  tcp('postgresql', 'R', p => p.fromServer && p.u32(1) >= 8 && p.u32(1) < 256 && p.u32(5) <= 12),
  tcp('mysql', [], isMysqlGreeting),
  tcp('mssql', [0x12, 0x10], p => !p.fromServer && isTds(p) && p.u16(4) === 0),
  tcp('mssql', [0x01, 0x03, 0x0e], p => !p.fromServer && isTds(p) && p.on(1433)),
  tcp('mssql', [0x04], p => p.fromServer && isTds(p) && p.on(1433)),
  tcp('redis', '*', isRedisCommand),
  tcp('redis', '+-$:', p => p.fromServer && p.on(6379) && p.printable()),
  tcp('redis', 'PpIi', p => p.on(6379) && p.starts('PING', 'ping', 'INFO', 'info')),
  tcp('memcached', 'gsvdSVE', isMemcachedText),
  tcp('memcached', [0x80, 0x81], isMemcachedBinary),
  udp('memcached', [], p => p.u32(2) === 0x00000001 && p.on(11_211) && p.length > 10),
  tcp('cassandra', [3, 4, 5, 0x83, 0x84, 0x85], isCassandra),
  tcp('mongodb', [], isMongo),
  tcp('oracle', [0x00, 0x01], p => p.u16(0) === p.length && p.u8(4) === 1 && p.has('(DESC')),
  tcp('amqp', 'A', p => p.starts('AMQP') && p.u8(4) <= 3),
  tcp('mqtt', [0x10], isMqttConnect),
  tcp('mqtt', [0x20], p => p.fromServer && p.on(1883, 8883) && p.u8(1) < 32 && p.u8(2) <= 1),
  tcp('kafka', [0x00], isKafka),
  tcp('zabbix', 'Z', p => p.starts('ZBXD\x01')),
  tcp('elasticsearch', 'E', p => p.starts('ES\0\0') && p.on(9300)),
]

function isPostgresStart(p: Probe): boolean {
  const code = p.u32(4)
  if (code >= 80_877_102 && code <= 80_877_104) return p.u32(0) === 8 || p.u32(0) === 16
  return code >= 0x30000 && code <= 0x30002 && p.u32(0) <= 10_000 && p.has('user\0')
}

// Protocol::HandshakeV10: length, sequence 0, version 10, server version in digits; or an error
function isMysqlGreeting(p: Probe): boolean {
  const size = p.u32le(0) // the fourth octet is sequence 0
  if (!p.fromServer || size < 20 || size > 512) return false
  if (p.u8(4) === 0xff) return p.on(3306) || p.is(7, 'Host ')
  const dot = isDigit(p.u8(6)) ? 7 : 6 // 8.0.36, 10.11.6-MariaDB
  return p.u8(4) === 10 && isDigit(p.u8(5)) && p.u8(dot) === 46
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57
}

// MS-TDS 2.2.3.1: type, status, length of the packet
function isTds(p: Probe): boolean {
  return (
    p.u8(1) <= 1 && p.u16(2) >= 8 && p.u16(2) <= 32_767 && p.u16(2) >= p.length && p.u8(7) === 0
  )
}

// RESP: `*` count CRLF `$` length CRLF
function isRedisCommand(p: Probe): boolean {
  const line = p.lineLength()
  return line >= 2 && line <= 5 && p.u8(1) >= 49 && p.u8(1) <= 57 && p.u8(line + 2) === 36
}

function isMemcachedText(p: Probe): boolean {
  if (!p.printable()) return false
  if (p.fromServer) return p.starts('STAT pid ') || (p.on(11_211) && p.starts('VALUE ', 'VERSION '))
  return p.on(11_211) && p.starts('get ', 'gets ', 'set ', 'stats', 'version', 'delete ')
}

// Request or response magic, op code, data type 0, lengths that fit
function isMemcachedBinary(p: Probe): boolean {
  const body = p.u32(8)
  const fits = p.u8(1) <= 0x40 && p.u8(5) === 0 && p.u16(2) + p.u8(4) <= body
  return fits && p.length >= 24 && body === p.length - 24
}

// CQL: version, flags, stream, op code, length
function isCassandra(p: Probe): boolean {
  if (p.u8(1) > 0x1f || p.u8(0) >= 0x80 !== p.fromServer || !p.fills(5, 4)) return false
  return p.fromServer ? p.u8(4) <= 0x10 : p.u8(4) === 1 || p.u8(4) === 5
}

// Message header: length, request id, response to, op code OP_MSG, OP_QUERY or OP_REPLY
function isMongo(p: Probe): boolean {
  const code = p.u32le(12)
  return p.u32le(0) === p.length && (code === 2013 || code === 2004 || code === 1)
}

// MQTT 3.1: CONNECT, remaining length in up to four octets, protocol name
function isMqttConnect(p: Probe): boolean {
  for (let at = 2; at < 6; at++) {
    if (p.u8(at - 1) < 0x80) return p.is(at, '\0\x04MQTT') || p.is(at, '\0\x06MQIsdp')
  }
  return false
}

// Request header: length, api key ApiVersions or Metadata, a small version, client id
function isKafka(p: Probe): boolean {
  const key = p.u16(4)
  const client = p.u16(12)
  if (!p.fills(0, 4) || (key !== 18 && key !== 3) || p.u16(6) > 15) return false
  return client > 0 && client <= p.length - 14 && p.u8(14) > 32 && p.u8(14) < 127
}
