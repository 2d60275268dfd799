import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { conversationFrames, datagramFrames, headerFrames } from './examples.ts'
import * as p from './packets.ts'
import { captured, pcap } from './pcap.ts'

const hasTshark = spawnSync('tshark', ['-v']).status === 0
if (!hasTshark) process.stderr.write('SKIPPED: tshark is missing, builders are not cross-checked\n')

const folder = mkdtempSync(join(tmpdir(), 'orthrus-packets-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Dissection {
  readonly protocols: string
  readonly faults: string
}

function dissect(frames: readonly Uint8Array[]): Dissection[] {
  const file = join(folder, 'frames.pcap')
  writeFileSync(file, pcap(captured(frames)))
  const checks = ['ip.check_checksum', 'tcp.check_checksum', 'udp.check_checksum']
  const fields = ['frame.protocols', '_ws.malformed', '_ws.expert.message']
  const run = spawnSync(
    'tshark',
    [
      ...['-n', '-r', file, '-T', 'fields', '-E', 'separator=|'],
      ...checks.flatMap(name => ['-o', `${name}:TRUE`]),
      ...fields.flatMap(name => ['-e', name]),
    ],
    { encoding: 'utf8' },
  )
  return run.stdout
    .trimEnd()
    .split('\n')
    .map(line => {
      const [protocols = '', malformed = '', expert = ''] = line.split('|')
      return { protocols, faults: `${malformed} ${expert}` }
    })
}

const bad = /malformed|checksum.*(should be|incorrect|bad)|bogus|exceeds|invalid/i

describe.skipIf(!hasTshark)('tshark agrees with the builders', () => {
  // tshark takes the last four bytes of what FabricPath carries for a checksum.
  const { 'fabric-path': _unlike, ...all } = { ...headerFrames(), ...datagramFrames() }
  const names = Object.keys(all)
  const results = hasTshark ? dissect(Object.values(all)) : []

  test.each(names.map((name, i) => [name, i] as const))('%s is well formed', (_, i) => {
    expect(results[i]?.faults).not.toMatch(bad)
  })

  test('a wrong checksum would be noticed', () => {
    const wrong = p.tcp({ srcPort: 1, dstPort: 2, checksum: 0x1234 })
    expect(dissect([p.ethernet({}, p.ipv4({}, wrong))])[0]?.faults).toMatch(bad)
  })

  test('every tunnel ends in the inner TCP segment', () => {
    const inner = /:(tcp|data)$/
    // tshark wants the control bytes of IEEE 802.11 in CAPWAP turned round; what is encrypted it cannot read.
    const unread = new Set(['capwap-radio', 'capwap-protected'])
    const tunnels = names
      .slice(names.indexOf('ipip'), names.indexOf('dns-query'))
      .filter(name => !unread.has(name))
    const missed = tunnels.filter(
      name => !inner.test(results[names.indexOf(name)]?.protocols ?? ''),
    )
    expect(missed).toEqual([])
  })

  test.each(Object.entries(conversationFrames()))('conversation %s is well formed', (_, frames) => {
    for (const { faults } of dissect(frames)) expect(faults).not.toMatch(bad)
  })

  test('application protocols are recognised', () => {
    const found = Object.fromEntries(
      Object.entries(conversationFrames()).map(([name, frames]) => [
        name,
        [...new Set(dissect(frames).map(row => row.protocols.split(':')[4] ?? ''))].filter(Boolean),
      ]),
    )
    expect(found).toMatchObject({
      'dns-tcp': ['dns'],
      http: ['http'],
      ssh: ['ssh'],
      tls: ['tls'],
      'tls-big': ['tls'],
      'tls-pq': ['tls'],
      'tls-ssl2': ['tls'],
    })
  })
})

describe('segments', () => {
  const bytes = p.noise(100)

  test('cut at any places give the message again', () => {
    const parts = p.segment(bytes, [70, 10, 10, 0, 100, 500])
    expect(parts.map(part => part.offset)).toEqual([0, 10, 70])
    expect(p.concat(...parts.map(part => part.bytes))).toEqual(bytes)
  })

  test('variations cover the same bytes', () => {
    const parts = p.segmentEvery(bytes, 7)
    for (const variation of [
      p.reorder(parts),
      p.reorder(parts, 3),
      p.duplicate(parts),
      p.duplicate(parts, 'at-end'),
      p.overlap(bytes, parts, 5),
    ]) {
      const out = new Uint8Array(bytes.length)
      for (const part of variation) out.set(part.bytes, part.offset)
      expect(out).toEqual(bytes)
    }
  })
})

test('hellos have the sizes of the real ones', () => {
  expect(p.clientHello({ sni: 'a.example' }).length).toBeLessThan(512)
  expect(p.postQuantumHello().length).toBeGreaterThan(1700)
  expect(p.postQuantumHello().length).toBeLessThan(2000)
  expect(p.bigHello().length).toBeGreaterThan(10_500)
  expect(p.bigHello().length).toBeLessThan(12_000)
})
