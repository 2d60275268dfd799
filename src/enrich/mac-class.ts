const group = 0x01_00_00
const local = 0x02_00_00
const ciscoHsrp = 0x00_00_0c
const iana = 0x00_00_5e

/** True for an address that one network card can have; MACs are two numbers of 24 bits. */
export function isStation(high: number, low: number): boolean {
  return (high & group) === 0 && (high | low) !== 0 && !isVirtual(high, low)
}

/** True for an address that routers share and that moves from one to the other. */
export function isVirtual(high: number, low: number): boolean {
  if (high === iana) return low >>> 8 === 1 || low >>> 8 === 2 // RFC 9568 7.3: VRRP; CARP too
  if (high === ciscoHsrp) return low >>> 8 === 0x07ac || (low & 0xfff000) === 0x9ff000 // HSRP 1, 2
  if (high === 0x00_05_73) return (low & 0xfff000) === 0xa00000 // HSRP for IPv6
  return high === 0x00_07_b4 && low >>> 16 === 0 // GLBP
}

/** True when the address was made up and not given by a manufacturer (IEEE 802c: local bit). */
export function isRandomised(high: number): boolean {
  return (high & (group | local)) === local
}
