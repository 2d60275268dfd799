import { conversationFrames, datagramFrames, headerFrames } from '../../generate/examples.ts'
import * as p from '../../generate/packets.ts'
import { atRandom, deliveryFrames, subjects } from '../../kernel/support/delivery.ts'
import { clientV1, clientV2, serverV1, serverV2 } from '../../protocols/quic-vectors.ts'

const MTU = 1500
const LONGEST = MTU + 14
const ROUNDS = 12

/**
 * About 2,800 Ethernet frames, none longer than a device takes: every header combination, tunnel,
 * datagram and conversation there is a builder for, names in fragments, and application messages in
 * segments that come cut, repeated, overlapping and in any order. The same at every call.
 */
export function wholeNetwork(): Uint8Array[] {
  return [
    ...Object.values(headerFrames()),
    ...Object.values(datagramFrames()),
    ...Object.values(conversationFrames()).flat(),
    ...fragmentedNames(),
    ...quicHandshakes(),
    ...deliveries(),
  ].filter(frame => frame.length <= LONGEST)
}

function deliveries(): Uint8Array[] {
  return Array.from({ length: ROUNDS }, (_, round) =>
    subjects.flatMap((subject, i) =>
      deliveryFrames(subject, atRandom(subject.bytes, round * 100 + i), LONGEST),
    ),
  ).flat()
}

/** The Initial packets of RFC 9001, appendix A, and RFC 9369, appendix A. */
function quicHandshakes(): Uint8Array[] {
  return [[clientV1, serverV1] as const, [clientV2, serverV2] as const].flatMap(
    ([first, second], i) => {
      const [client, server] = [
        { ip: `10.0.8.${i}`, port: 50_000 },
        { ip: '10.0.8.9', port: 443 },
      ]
      const layer = (bytes: Uint8Array) => (src: p.End, dst: p.End) =>
        p.udp({ srcPort: src.port, dstPort: dst.port }, bytes)
      return p.datagrams(client, server, [
        { from: 'client', layer: layer(first) },
        { from: 'server', layer: layer(second) },
      ])
    },
  )
}

/** DNS answers of 3 KB over UDP, the fragments in order and turned round. */
function fragmentedNames(): Uint8Array[] {
  const four = (id: number) =>
    p.ipv4Fragments({ id, src: '10.0.9.9', dst: '10.0.9.1' }, answer(id), 1480)
  const six = (id: number) =>
    p.ipv6Fragments({ id, src: 'fd09::9', dst: 'fd09::1' }, answer(id), 1432)
  return [...four(901), ...four(902).reverse(), ...six(903), ...six(904).reverse()].map(layer =>
    p.ethernet({}, layer),
  )
}

function answer(id: number): p.Layer {
  const name = `long-${id}.example.com`
  const records = Array.from({ length: 14 }, (_, i) => ({
    name,
    type: 'TXT' as const,
    data: `${i}.`.padEnd(200, 'x'),
  }))
  return p.udp({ srcPort: 53, dstPort: 40_000 + id }, p.dnsAnswer(name, records, { type: 'TXT' }))
}
