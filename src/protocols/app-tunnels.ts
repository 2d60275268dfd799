import { both, type Probe, type Signature, tcp, udp } from './app-probe.ts'

const OPENVPN_HMACS = [16, 20, 28, 32, 48, 64]

/** Tunnels, proxies, peer-to-peer. */
export const tunnelSignatures: readonly Signature[] = [
  udp('quic', [], isQuic),
  udp('wireguard', [1, 2, 3, 4], isWireGuard),
  udp('openvpn', [0x38, 0x40, 0x50], p => isOpenVpn(p, 0)),
  tcp('openvpn', [0x00], p => p.fills(0, 2) && isOpenVpn(p, 2)),
  udp('ike', [], p => isIke(p, 0)),
  udp('ike', [0x00], p => p.u32(0) === 0 && isIke(p, 4)), // RFC 3948 2.2: non-ESP marker
  udp('l2tp', [0xc8], p => p.u8(1) === 2 && p.u16(2) === p.length && p.length >= 12),
  tcp('pptp', [0x00], p => p.u16(0) === 156 && p.u16(2) === 1 && p.u32(4) === 0x1a2b3c4d),
  tcp('socks', [4], isSocks4),
  tcp('socks', [5], isSocks5),
  tcp('bittorrent', [0x13], p => p.is(1, 'BitTorrent protocol')),
  udp('bittorrent', 'd', p => p.starts('d1:ad2:id20:', 'd1:rd2:id20:', 'd1:eli', 'd2:ip6:')),
  udp('bittorrent', [0x00], p => p.u32(0) === 0x417 && p.u32(4) === 0x27101980 && p.length >= 16),
  tcp('adb', 'C', p => p.starts('CNXN\0\0\0\x01', 'CNXN\x01\0\0\x01')),
  tcp('x11', 'lB', p => p.is(0, 'l\0\x0b\0') || p.is(0, 'B\0\0\x0b')),
  tcp('rtmp', [3], p => !p.fromServer && p.on(1935) && p.u32(5) === 0 && p.length > 256),
  both(
    'teamviewer',
    [0x17],
    p => p.u8(1) === 0x24 && p.u8(2) >= 0x0a && p.u8(2) <= 0x20 && p.on(5938),
  ),
]

// RFC 9000 17.2, RFC 9369: long header, a version in use, connection id of at most 20 octets
function isQuic(p: Probe): boolean {
  const version = p.u32(1)
  const draft = version >= 0xff00001d && version <= 0xff000022
  const known = version === 1 || version === 0x6b3343cf || draft
  return (p.u8(0) & 0xc0) === 0xc0 && known && p.u8(5) <= 20 && p.length > 7
}

// wireguard.com/protocol: type, three zeros, fixed sizes
function isWireGuard(p: Probe): boolean {
  if ((p.u32(0) & 0xffffff) !== 0) return false
  const type = p.u8(0)
  if (type === 4) return p.on(51_820) && p.length >= 32 && p.length % 16 === 0
  return p.length === [0, 148, 92, 64][type]
}

// Hard reset of client or server: session id, perhaps HMAC and packet id, no acknowledgements
function isOpenVpn(p: Probe, at: number): boolean {
  const code = p.u8(at)
  if (code !== 0x38 && code !== 0x40 && code !== 0x50) return false
  const length = p.length - at
  if (code === 0x38 && length === 14) return p.u8(at + 9) === 0 && p.u32(at + 10) === 0
  if (OPENVPN_HMACS.some(size => length === 22 + size)) {
    return p.u32(at + 9) > 0 && p.u8(p.length - 5) === 0 && p.u32(p.length - 4) === 0
  }
  // tls-crypt hides what is behind the packet id
  return p.on(1194) && (length >= 14 || p.u32(at + 9) === 1)
}

// RFC 7296 3.1: two SPIs, next payload, version, exchange, flags, message id, length
function isIke(p: Probe, at: number): boolean {
  const version = p.u8(at + 17)
  if (version !== 0x10 && version !== 0x20) return false
  const exchange = p.u8(at + 18)
  const known =
    version === 0x20 ? exchange >= 34 && exchange <= 44 : exchange <= 6 || exchange === 32
  return known && p.u32(at) + p.u32(at + 4) > 0 && p.u32(at + 24) === p.length - at
}

// Version, CONNECT or BIND, port, address, user id, zero
function isSocks4(p: Probe): boolean {
  if (p.fromServer || p.length < 9 || p.length > 512) return false
  return (p.u8(1) === 1 || p.u8(1) === 2) && p.u16(2) > 0 && p.u8(p.length - 1) === 0
}

// RFC 1928 3: version, count, that many methods; the answer is the version and one method
function isSocks5(p: Probe): boolean {
  if (p.fromServer) return p.length === 2 && p.on(1080) && (p.u8(1) < 3 || p.u8(1) === 0xff)
  const count = p.u8(1)
  if (count < 1 || count > 10 || p.length !== 2 + count) return false
  for (let at = 2; at < p.length; at++) if (p.u8(at) > 9 && p.u8(at) < 0x80) return false
  return true
}
