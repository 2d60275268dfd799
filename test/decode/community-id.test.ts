import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../src/decode/address.ts'
import { answeringType, communityId, type FlowTuple } from '../../src/decode/community-id.ts'

function tuple(
  protocol: number,
  source: string,
  destination: string,
  sourcePort: number,
  destinationPort: number,
): FlowTuple {
  const [from, to] = [IpAddress.parse(source), IpAddress.parse(destination)]
  if (from === undefined || to === undefined) throw new Error(`no address: ${source}`)
  return {
    family: from.family,
    protocol,
    source0: from.word0,
    source1: from.word1,
    source2: from.word2,
    source3: from.word3,
    destination0: to.word0,
    destination1: to.word1,
    destination2: to.word2,
    destination3: to.word3,
    sourcePort,
    destinationPort,
  }
}

/** Published with the specification and its reference implementation: seed 0, then seed 1. */
const vectors: [number, string, string, number, number, string, string][] = [
  [
    1,
    '192.168.0.89',
    '192.168.0.1',
    8,
    0,
    'X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    1,
    '192.168.0.1',
    '192.168.0.89',
    0,
    8,
    'X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    1,
    '192.168.0.89',
    '192.168.0.1',
    20,
    0,
    '3o2RFccXzUgjl7zDpqmY7yJi8rI=',
    'lCXHHxavE1Vq3oX9NH5ladQg02o=',
  ],
  [
    1,
    '192.168.0.89',
    '192.168.0.1',
    20,
    1,
    'tz/fHIDUHs19NkixVVoOZywde+I=',
    'Ie3wmFyxiEyikbsbcO03d2nh+PM=',
  ],
  [
    1,
    '192.168.0.1',
    '192.168.0.89',
    0,
    20,
    'X0snYXpgwiv9TZtqg64sgzUn6Dk=',
    '03g6IloqVBdcZlPyX8r0hgoE7kA=',
  ],
  [
    1,
    '10.0.0.1',
    '10.0.0.2',
    11,
    0,
    'YHxtAirCG//0OzkcVAukqKQN9xM=',
    'XjUibYHaafLQ3pxQeiMI8g25q20=',
  ],
  [
    58,
    'fe80::200:86ff:fe05:80da',
    'fe80::260:97ff:fe07:69ea',
    135,
    0,
    'dGHyGvjMfljg6Bppwm3bg0LO8TY=',
    'kHa1FhMYIT6Ym2Vm2AOtoOARDzY=',
  ],
  [
    58,
    'fe80::260:97ff:fe07:69ea',
    'fe80::200:86ff:fe05:80da',
    136,
    0,
    'dGHyGvjMfljg6Bppwm3bg0LO8TY=',
    'kHa1FhMYIT6Ym2Vm2AOtoOARDzY=',
  ],
  [
    58,
    'fe80::260:97ff:fe07:69ea',
    'fe80::200:86ff:fe05:80da',
    135,
    136,
    'zavyT/cezQr1fmImYCwYnMXbgck=',
    '2hSqmsDZ2kdcY9kbiUzOEBic0iM=',
  ],
  [
    58,
    '3ffe:507:0:1:260:97ff:fe07:69ea',
    '3ffe:507:0:1:200:86ff:fe05:80da',
    3,
    0,
    'NdobDX8PQNJbAyfkWxhtL2Pqp5w=',
    'OlOWx9psIbBFi7lOCw/4MhlKR9M=',
  ],
  [
    58,
    '3ffe:507:0:1:200:86ff:fe05:80da',
    '3ffe:507:0:1:260:97ff:fe07:69ea',
    3,
    0,
    '/OGBt9BN1ofenrmSPWYicpij2Vc=',
    'Ij4ZxnC87/MXzhOjvH2vHu7LRmE=',
  ],
  [
    58,
    'fe80::200:86ff:fe05:80da',
    'ff02::2',
    133,
    134,
    'hO+sN4H+MG5MY/8hIrXPqc4ZQz0=',
    'L7Ka0ZMYu+J3bL4ulW2PrqyXNo8=',
  ],
  [
    58,
    'fe80::260:97ff:fe07:69ea',
    'ff02::1',
    134,
    133,
    'pkvHqCL88/tg1k4cPigmZXUtL00=',
    'K/ee5UCqAMAQXDorP5nSa2CGLjc=',
  ],
  [
    132,
    '192.168.170.8',
    '192.168.170.56',
    7,
    80,
    'jQgCxbku+pNGw8WPbEc/TS/uTpQ=',
    'Y1/0jQg6e+I3ZwZZ9LP65DNbTXU=',
  ],
  [
    132,
    '192.168.170.56',
    '192.168.170.8',
    80,
    7,
    'jQgCxbku+pNGw8WPbEc/TS/uTpQ=',
    'Y1/0jQg6e+I3ZwZZ9LP65DNbTXU=',
  ],
  [
    6,
    '128.232.110.120',
    '66.35.250.204',
    34855,
    80,
    'LQU9qZlK+B5F3KDmev6m5PMibrg=',
    '3V71V58M3Ksw/yuFALMcW0LAHvc=',
  ],
  [
    6,
    '66.35.250.204',
    '128.232.110.120',
    80,
    34855,
    'LQU9qZlK+B5F3KDmev6m5PMibrg=',
    '3V71V58M3Ksw/yuFALMcW0LAHvc=',
  ],
  [
    6,
    '10.0.0.1',
    '10.0.0.2',
    10,
    11569,
    'SXBGMX1lBOwhhoDrZynfROxnhnM=',
    'HmBRGR+fUyXF4t8WEtal7Y0gEAo=',
  ],
  [
    6,
    '2001:470:e5bf:dead:4957:2174:e82c:4887',
    '2607:f8b0:400c:c03::1a',
    63943,
    25,
    '/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
    'eJYTW6AOzFLlSUoESovMjnu7rMw=',
  ],
  [
    17,
    '192.168.1.52',
    '8.8.8.8',
    54585,
    53,
    'd/FP5EW3wiY1vCndhwleRRKHowQ=',
    'Q9We8WO3piVF8yEQBNJF4uiSVrI=',
  ],
  [
    17,
    '8.8.8.8',
    '192.168.1.52',
    53,
    54585,
    'd/FP5EW3wiY1vCndhwleRRKHowQ=',
    'Q9We8WO3piVF8yEQBNJF4uiSVrI=',
  ],
  [
    46,
    '10.1.24.4',
    '10.1.12.1',
    0,
    0,
    '/nQI4Rh/TtY3mf0R2gJFBkVlgS4=',
    'BK3BVW3U2eemuwVQVN3zd/GULno=',
  ],
  [
    46,
    '10.1.12.1',
    '10.1.24.4',
    1,
    2,
    '/nQI4Rh/TtY3mf0R2gJFBkVlgS4=',
    'BK3BVW3U2eemuwVQVN3zd/GULno=',
  ],
]

describe('Community ID', () => {
  test.each(vectors)(
    'of protocol %i, %s to %s (%i, %i)',
    (protocol, from, to, one, other, first, second) => {
      const flow = tuple(protocol, from, to, one, other)
      expect(communityId(flow)).toBe(`1:${first}`)
      expect(communityId(flow, 1)).toBe(`1:${second}`)
    },
  )

  test('without IP is none', () => {
    expect(communityId({ ...tuple(0, '0.0.0.0', '0.0.0.0', 0, 0), family: 0 })).toBeUndefined()
  })

  test('pairs ICMP types both ways and leaves errors alone', () => {
    expect([8, 0, 13, 9].map(type => answeringType(1, type))).toEqual([0, 8, 14, 10])
    expect([128, 129, 135, 144].map(type => answeringType(58, type))).toEqual([129, 128, 136, 145])
    expect([answeringType(1, 3), answeringType(58, 1), answeringType(6, 8)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

interface Conn {
  src: string
  dst: string
  proto: string
  sport?: number
  dport?: number
  community_id?: string
}

const corpus = join(import.meta.dirname, '../../../shared/corpus/public.jsonl')
const missing = !existsSync(corpus)
if (missing) process.stderr.write(`\nCOMMUNITY ID CORPUS SKIPPED: no file ${corpus}\n`)

describe.skipIf(missing)('Community ID of the corpus', () => {
  const numbers: Record<string, number> = { tcp: 6, udp: 17, sctp: 132 }
  const lines = missing ? [] : readFileSync(corpus, 'utf8').trim().split('\n')
  const rows = lines.flatMap(line => {
    const { id, expect: expected } = JSON.parse(line) as { id: string; expect: { conn?: Conn[] } }
    return (expected.conn ?? []).map(conn => ({ id, ...conn }))
  })
  // ICMP rows do not state their type; the vectors above hold those.
  const stated = rows.filter(row => row.community_id !== undefined && numbers[row.proto])

  test(`agrees on ${stated.length} stated conversations`, () => {
    const wrong = stated.filter(({ proto, src, dst, sport = 0, dport = 0, community_id }) => {
      return communityId(tuple(numbers[proto] ?? 0, src, dst, sport, dport)) !== community_id
    })
    expect(stated.length).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  })
})
