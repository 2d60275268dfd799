import { type Packet } from '../decode/packet.ts'

/** Names outlive their time to live, as what uses them does: µs. */
const shortestLife = 5 * 60 * 1e6
export const longestLife = 24 * 3600 * 1e6

/** Until when (µs) a name that was told at `time` is good; `ttl` in seconds. */
export function expiry(time: number, ttl: number): number {
  return time + Math.min(longestLife, Math.max(shortestLife, ttl * 1e6))
}

/** Writes the words of an address into a key. */
export function writeAddress(
  key: Int32Array,
  at: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): void {
  key[at] = word0
  key[at + 1] = word1
  key[at + 2] = word2
  key[at + 3] = word3
}

/** Words of the key of a conversation. */
export const conversationWidth = 10

/** Writes the key of a conversation, which is the same for the packets of both sides. */
export function writeConversation(key: Int32Array, packet: Packet): void {
  const { source0, source1, source2, source3, family, protocol, vlan } = packet
  const { destination0, destination1, destination2, destination3 } = packet
  writeAddress(key, 0, source0, source1, source2, source3)
  writeAddress(key, 4, destination0, destination1, destination2, destination3)
  key[8] = (packet.sourcePort << 16) | packet.destinationPort
  key[9] = (vlan << 16) | (protocol << 8) | family
}
