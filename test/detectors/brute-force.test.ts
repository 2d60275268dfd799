import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'

const signals = signalsOf('brute-force')

const guesser = '192.168.1.66'
const server = '192.168.1.10'
const hour = 3600

interface Session {
  readonly at: number
  readonly seconds?: number
  readonly from?: string
  readonly to?: string
  readonly port?: number
  readonly bytes: readonly [number, number]
}

let port = 30_000

/** A whole connection in which both sides say so many bytes. */
function session({
  at,
  seconds = 2,
  from = guesser,
  to = server,
  port: service = 22,
  bytes,
}: Session): Timed[] {
  port = port < 60_000 ? port + 1 : 30_000
  const [said, answered] = bytes
  const frames = p.tcpConversation(
    { client: { ip: from, port }, server: { ip: to, port: service } },
    [
      { from: 'server', bytes: Buffer.from(service === 22 ? 'SSH-2.0-OpenSSH_9.2\r\n' : '\0\0') },
      { from: 'client', bytes: new Uint8Array(said).fill(7) },
      ...Array.from({ length: Math.ceil(answered / 1400) }, () => ({
        from: 'server' as const,
        bytes: new Uint8Array(Math.min(1400, answered)).fill(9),
      })),
    ],
  )
  return frames.map((frame, i) => ({ at: at + (seconds * i) / frames.length, frame }))
}

const many = (count: number, make: (index: number) => Session) =>
  Array.from({ length: count }, (_, index) => session(make(index))).flat()

describe('brute-force', () => {
  test.each([
    ['ssh', 22, [2000, 2800], 10],
    ['rdp', 3389, [1500, 1400], 10],
    ['telnet', 23, [60, 300], 10],
    ['ftp', 21, [50, 200], 15],
    ['smb', 445, [700, 800], 15],
    ['vnc', 5900, [40, 50], 8],
    ['mysql', 3306, [200, 180], 20],
    ['postgresql', 5432, [150, 260], 20],
  ] as const)('finds guessing at %s', async (service, port, bytes, attempts) => {
    const told = await signals(many(30, i => ({ at: i * 3, port, bytes })))
    expect(told).toMatchObject([
      {
        source: { ip: guesser },
        destination: { ip: server, port },
        orthrus: {
          signal: {
            name: 'brute-force',
            entity: guesser,
            evidence: { service, attempts, manner: 'fast' },
          },
        },
      },
    ])
  })

  test('finds one guess each ten minutes, within the day', async () => {
    const told = await signals(many(80, i => ({ at: i * 600, bytes: [2000, 2800] })))
    expect(told).toMatchObject([
      { orthrus: { signal: { evidence: { manner: 'slow', attempts: 60 } } } },
    ])
  })

  test('finds a few guesses at each of many servers', async () => {
    const told = await signals(
      many(60, i => ({ at: i * 2, to: `192.168.1.${10 + (i % 12)}`, bytes: [2000, 2800] })),
    )
    expect(told).toMatchObject([
      { orthrus: { signal: { evidence: { manner: 'spray', hosts: 12 } } } },
    ])
  })

  test('says when somebody seems to be let in after it', async () => {
    const packets = [
      ...many(30, i => ({ at: i * 3, bytes: [2000, 2800] })),
      ...session({ at: 120, seconds: 40, bytes: [6000, 40_000] }),
    ]
    expect(await alerts(packets)).toMatchObject([
      { rule: { name: 'Password Guessing' }, event: { severity: 47 } },
      { rule: { name: 'Log-in After Password Guessing' }, event: { severity: 73 } },
    ])
  })
})

describe('brute-force is quiet', () => {
  test.each<[string, Timed[]]>([
    ['about nine sessions', many(9, i => ({ at: i * 3, bytes: [2000, 2800] }))],
    ['about sessions in which work is done', many(40, i => ({ at: i * 3, bytes: [9500, 30_000] }))],
    ['about a monitor that reads the banner', many(100, i => ({ at: i * 3, bytes: [20, 1] }))],
    ['about one file sent after the other', many(60, i => ({ at: i * 5, bytes: [40_000, 3000] }))],
    [
      'about a script that came every five minutes on days before, too',
      [
        ...[0, 1, 2].flatMap(day =>
          many(36, i => ({ at: day * 24 * hour + i * 300, bytes: [2000, 2800] })),
        ),
        ...many(200, i => ({ at: 72 * hour + i * 300, bytes: [2000, 2800] })),
      ],
    ],
    [
      'about a host that is managed, once each',
      many(29, i => ({ at: i, to: `192.168.1.${10 + i}`, bytes: [2000, 2800] })),
    ],
  ])('%s', async (_, packets) => {
    expect(await signals(packets)).toEqual([])
  })
})
