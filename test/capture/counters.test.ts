import { expect, test } from 'vitest'
import { newsClasses, sumCounters } from '../../src/capture/counters.ts'
import { ringSize, settingsBytes } from '../../src/capture/settings.ts'
import { capture } from './support/options.ts'

test('counters are added up over the CPUs, field by field', () => {
  const stride = 384
  const words = new BigUint64Array((3 * stride) / 8)
  for (let cpu = 0; cpu < 3; cpu++) {
    for (let i = 0; i < 48; i++) words[cpu * 48 + i] = BigInt(i + 1) * 10n ** BigInt(cpu * 3)
  }
  const total = sumCounters(new Uint8Array(words.buffer), stride)
  const each = (i: number) => (i + 1) * 1_001_001
  expect(total).toMatchObject({
    packets: each(0),
    bytes: each(1),
    flows: each(2),
    tunnelled: each(10),
  })
  const sets = [total.sent, total.held, total.shed, total.lost]
  for (const [set, counts] of sets.entries()) {
    expect(newsClasses.map(name => counts[name])).toEqual(
      newsClasses.map((_, i) => each(16 + 8 * set + i)),
    )
  }
})

test('a counter beyond 2^32 keeps its value', () => {
  const words = new BigUint64Array(48)
  words[1] = 2n ** 52n + 12345n
  expect(sumCounters(new Uint8Array(words.buffer), 384).bytes).toBe(2 ** 52 + 12345)
})

test.each([
  [1, 1],
  [3, 4],
  [16, 16],
  [1000, 1024],
])('a ring buffer of %i MiB takes %i', (option, mebibytes) => {
  expect(ringSize({ ring_buffer: option })).toBe(mebibytes * 2 ** 20)
})

test('settings are laid out as in bpf/settings.h', () => {
  const limits = {
    flow_starts: { rate: 500, burst: 2000 },
    arp: { rate: 3, burst: 6 },
    icmp: { rate: 0, burst: 9 },
    fragments: { rate: 1_000_000, burst: 1 },
  }
  const bytes = settingsBytes(capture({ limits, ring_buffer: 2, tunnels: true }), true)
  expect(bytes).toHaveLength(80)
  expect([...new BigUint64Array(bytes.buffer, 0, 9)].map(Number)).toEqual([
    ...[2_000_000, 1999 * 2_000_000],
    ...[333_333_334, 5 * 333_333_334],
    ...[0, 0],
    ...[1000, 0],
    2 * 2 ** 20,
  ])
  expect([...new Uint32Array(bytes.buffer, 72, 2)]).toEqual([1, 1])
})
