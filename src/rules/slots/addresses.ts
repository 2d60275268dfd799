import { type TrafficEvent } from '../../protocols/traffic.ts'
import { type AddressSlot } from '../fields.ts'

type Addresses = Readonly<Record<string, AddressSlot<TrafficEvent>>>

/** The addresses of all kinds, without their texts. */
export const commonAddresses: Addresses = {
  'source.ip': ({ packet }, words, at) =>
    write(words, at, packet.family, packet.source0, packet.source1, packet.source2, packet.source3),
}

/** Those of packets with IP in all kinds but ARP and NDP. */
export const ipAddresses: Addresses = {
  'destination.ip': ({ packet }, words, at) =>
    write(
      words,
      at,
      packet.family,
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
    ),
}

function write(
  words: Int32Array,
  at: number,
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): 0 | 4 | 6 {
  const isMapped = family === 6 && word0 === 0 && word1 === 0 && word2 === 0xffff
  words[at] = isMapped ? word3 : word0
  words[at + 1] = word1
  words[at + 2] = word2
  words[at + 3] = word3
  if (family === 4 || isMapped) return 4
  return family === 6 ? 6 : 0
}
