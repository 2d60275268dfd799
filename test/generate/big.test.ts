import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collect } from '../capture/pcap-collect.ts'
import { writeBigCapture } from './big.ts'

const hasTshark = spawnSync('tshark', ['-v']).status === 0
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-big-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('the same seed gives the same capture, another seed another one', async () => {
  const file = (name: string) => join(folder, name)
  await writeBigCapture(file('a'), { packets: 2000, seed: 5 })
  await writeBigCapture(file('b'), { packets: 2000, seed: 5 })
  await writeBigCapture(file('c'), { packets: 2000, seed: 6 })
  expect(readFileSync(file('a')).equals(readFileSync(file('b')))).toBe(true)
  expect(readFileSync(file('a')).equals(readFileSync(file('c')))).toBe(false)
})

test('it holds as many packets as asked for, in the order of time', async () => {
  const path = join(folder, 'order')
  const summary = await writeBigCapture(path, { packets: 5000 })
  const { rows } = await collect(path)
  expect(rows.length).toBe(5000)
  expect(summary.bytes).toBe(readFileSync(path).length)
  expect(rows.every((row, i) => row.time >= (rows[i - 1]?.time ?? 0n))).toBe(true)
})

test.skipIf(!hasTshark)('tshark finds no wrong checksum and every protocol', async () => {
  const path = join(folder, 'checked')
  await writeBigCapture(path, { packets: 10_000 })
  const run = spawnSync(
    'tshark',
    [
      ...['-n', '-r', path, '-T', 'fields', '-e', 'frame.protocols'],
      ...['ip', 'tcp', 'udp'].flatMap(name => ['-o', `${name}.check_checksum:TRUE`]),
      ...['-e', '_ws.malformed', '-e', 'ip.checksum.status', '-e', 'tcp.checksum.status'],
      ...[
        '-e',
        'udp.checksum.status',
        '-e',
        'icmp.checksum.status',
        '-e',
        'icmpv6.checksum.status',
      ],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  const lines = run.stdout.trimEnd().split('\n')
  expect(lines.length).toBe(10_000)
  // 0 is wrong, 1 is right, 2 was not looked at.
  expect(lines.filter(line => /\t0|malformed/i.test(line))).toEqual([])
  const seen = new Set(lines.flatMap(line => line.split('\t')[0]?.split(':') ?? []))
  const wanted = [
    'arp',
    'ip',
    'ipv6',
    'tcp',
    'udp',
    'icmp',
    'icmpv6',
    'dns',
    'tls',
    'http',
    'ssh',
    'quic',
  ]
  expect(wanted.filter(name => !seen.has(name))).toEqual([])
})
