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

const lists = (kex: string) => [
  kex,
  'ssh-ed25519,rsa-sha2-512',
  'aes',
  'aes',
  'mac',
  'mac',
  'none',
  'none',
]

/** An SSH connection whose sides agree on keys, and then say so many bytes in turns, the client first. */
function ssh(at: number, kex: string, says: readonly number[], from = guesser): Timed[] {
  port = port < 60_000 ? port + 1 : 30_000
  const turns = says.map((length, i) => ({
    from: i % 2 === 0 ? ('client' as const) : ('server' as const),
    bytes: p.noise(length, i),
  }))
  const frames = p.tcpConversation(
    { client: { ip: from, port }, server: { ip: server, port: 22 } },
    [
      { from: 'client', bytes: p.sshBanner('libssh_0.10') },
      { from: 'server', bytes: p.sshBanner() },
      { from: 'client', bytes: p.sshKexInit(lists(kex)) },
      { from: 'server', bytes: p.sshKexInit(lists(kex)) },
      ...turns,
    ],
  )
  return frames.map((frame, i) => ({ at: at + (0.5 * i) / frames.length, frame }))
}

// Recorded with OpenSSH 9.2 as the server: bytes of each side behind the key exchange messages.
const curve = 'curve25519-sha256,ext-info-c'
const hybrid = 'sntrup761x25519-sha512@openssh.com,ext-info-c'
const letIn = [140, 100, 308, 28, 112, 768]
const recorded = {
  hydra: [curve, [48, 524, 60, 44, 60, 76, ...Array.from({ length: 12 }, () => 76)]],
  medusa: ['curve25519-sha256', [48, 280, 80, 64, 80, 96, ...Array.from({ length: 12 }, () => 96)]],
  paramiko: [curve, [48, 544, 80, 64, 96, 96]],
  sshpass: [hybrid, [1208, 1564, 60, 44, 60, 76, 84, 76]],
  'git fetch': [hybrid, [1208, 1564, 60, 44, 60, 76, ...letIn, 220, 400, 80, 36, 60]],
  'git fetch, with RSA': [hybrid, [1208, 1564, 60, 44, 60, 76, 500, 460, 988, 28, 112, 952, 240]],
  'ssh true': [curve, [48, 524, 60, 44, 60, 76, ...letIn, 112, 256, 36, 124, 60]],
  'ssh-keyscan': [hybrid, [1208, 1248]],
  'ssh that has no key': [hybrid, [1208, 1564, 60, 44, 60, 76]],
} as const

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

  test.each([
    ['hydra', 4],
    ['medusa', 4],
    ['paramiko', 10],
    ['sshpass', 10],
  ] as const)(
    'finds guessing as %s does it, by what is said behind the keys',
    async (tool, attempts) => {
      const [kex, says] = recorded[tool]
      const told = await signals(Array.from({ length: 12 }, (_, i) => ssh(i * 3, kex, says)).flat())
      expect(told).toMatchObject([
        { orthrus: { signal: { entity: guesser, evidence: { attempts, manner: 'fast' } } } },
      ])
    },
  )

  test('finds guessing in a capture whose keys are not as long as the hellos say', async () => {
    const says = [48, 680, ...Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 84 : 68))]
    const told = await signals(
      Array.from({ length: 12 }, (_, i) => ssh(i * 3, hybrid, says)).flat(),
    )
    expect(told).toMatchObject([{ orthrus: { signal: { evidence: { attempts: 10 } } } }])
  })

  test('finds many who guess a few times each at one server', async () => {
    const [kex, says] = recorded.sshpass
    const packets = Array.from({ length: 60 }, (_, i) =>
      ssh(i * 2, kex, says, `198.51.100.${1 + (i % 20)}`),
    )
    expect(await signals(packets.flat())).toMatchObject([
      {
        orthrus: {
          signal: { entity: server, evidence: { manner: 'crowd', sources: 20, attempts: 40 } },
        },
      },
    ])
  })

  test('says when a guess was right', async () => {
    const [kex, says] = recorded.hydra
    const guesses = Array.from({ length: 8 }, (_, i) => ssh(i * 3, kex, says)).flat()
    const right = ssh(60, kex, [48, 524, 60, 44, 60, 76, 76, 28, 52, 768 + 300])
    expect(await signals([...guesses, ...right])).toMatchObject([
      { orthrus: { signal: { name: 'brute-force' } } },
      { orthrus: { signal: { name: 'brute-force-success', entity: guesser } } },
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
  test.each([
    'git fetch',
    'git fetch, with RSA',
    'ssh true',
    'ssh-keyscan',
    'ssh that has no key',
  ] as const)('about 30 times `%s` in a minute', async tool => {
    const [kex, says] = recorded[tool]
    expect(
      await signals(Array.from({ length: 30 }, (_, i) => ssh(i * 2, kex, says)).flat()),
    ).toEqual([])
  })

  test('about many of whom some mistype at one server', async () => {
    const [kex, wrong] = recorded.sshpass
    const [, right] = recorded['ssh true']
    const packets = Array.from({ length: 200 }, (_, i) =>
      ssh(
        i,
        kex,
        i % 4 === 0 ? wrong : [1208, 1564, ...right.slice(2)],
        `192.168.1.${60 + (i % 100)}`,
      ),
    )
    expect(await signals(packets.flat())).toEqual([])
  })

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
