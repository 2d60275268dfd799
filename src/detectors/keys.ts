import { type Packet } from '../decode/packet.ts'

const word = 2 ** 32

/**
 * An address as a number for a table: an IPv4 address is itself (32 bits with a sign, which a Map
 * finds quickest), one of IPv6 is 53 bits that its four words are mixed to. So a look-up makes no text.
 */
export function addressKey(
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): number {
  if (family === 4) return word0 | 0
  const one = mix(mix(mix(mix(0x2545f491, word0), word1), word2), word3)
  const other = mix(mix(mix(mix(0x6c078965, word3), word2), word1), word0)
  // Never below 2^32, where IPv4 is.
  return (one >>> 0) + ((other & 0x1ffffe) + 1) * word
}

export function sourceKey(packet: Packet): number {
  const { family, source0, source1, source2, source3 } = packet
  return addressKey(family, source0, source1, source2, source3)
}

export function destinationKey(packet: Packet): number {
  const { family, destination0, destination1, destination2, destination3 } = packet
  return addressKey(family, destination0, destination1, destination2, destination3)
}

/** A MAC address (two numbers of 24 bits) as one number. */
export function macKey(high: number, low: number): number {
  return high * 0x1000000 + low
}

/** Two keys, in this order, mixed to one of 53 bits; `salt` keeps kinds of pairs apart. */
export function pairKey(one: number, other: number, salt = 0): number {
  const [low, high] = [one | 0, (one / word) | 0]
  const [otherLow, otherHigh] = [other | 0, (other / word) | 0]
  const first = mix(mix(mix(mix(salt ^ 0x9e3779b1, low), high), otherLow), otherHigh)
  const second = mix(mix(mix(mix(salt ^ 0x85ebca6b, otherHigh), otherLow), high), low)
  return (first >>> 0) + (second & 0x1fffff) * word
}

/** 32 bits of a key, well mixed. */
export function hashOf(key: number): number {
  return mix(mix(0x27d4eb2f, key | 0), (key / word) | 0)
}

/** One step of MurmurHash3's block mixing, and half of its finish. */
function mix(state: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  let h = state ^ k
  h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  return h ^ (h >>> 13)
}

/** A key on one link or VLAN: the same address on another is another one. */
export function linkKey({ ifindex, vlan }: Pick<Packet, 'ifindex' | 'vlan'>, key: number): number {
  return pairKey(ifindex * 4096 + vlan, key, 0x11)
}
