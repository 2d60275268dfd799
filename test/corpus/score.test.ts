import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Case, cases, hasKit, kit, replayed } from './replay.ts'

// The figures that decoding is held to, on the public cases of the measuring kit.

if (!hasKit) process.stderr.write(`\n*** no capture corpus in ${kit}: NOT SCORED ***\n\n`)

interface Score {
  readonly expected: number
  readonly matched: number
  readonly emitted: number
  readonly explained: number
  readonly complete: boolean
}

interface Scorer {
  scoreCase(
    each: Case,
    lines: readonly string[],
  ): { kinds: Record<string, Score>; events: number; bad: number }
}

/** Recall of tshark on the same cases, or what was set for conn. */
const recall = {
  conn: 0.995,
  arp: 1,
  dns: 0.994,
  tls: 0.99,
  http: 0.947,
  quic: 0.971,
  dhcp: 1,
  ssh: 0.941,
} as const

describe.skipIf(!hasKit)('the public cases', () => {
  const totals = new Map<string, Score>()
  let notJson = 0

  beforeAll(async () => {
    const { scoreCase } = (await import(
      /* @vite-ignore */ pathToFileURL(join(kit, 'score.mjs')).href
    )) as Scorer
    const printed = new Map<string, string[]>()
    for (const each of cases()) {
      const lines = printed.get(each.pcap) ?? (await replayed(each.pcap))
      printed.set(each.pcap, lines)
      const { kinds, bad } = scoreCase(each, lines)
      notJson += bad
      for (const [kind, score] of Object.entries(kinds)) add(totals, kind, score)
    }
  }, 120_000)

  test.each(Object.entries(recall))('%s: recall at least %f', (kind, least) => {
    const { expected, matched } = totals.get(kind) ?? none
    expect(expected).toBeGreaterThan(0)
    expect(Math.floor((1000 * matched) / expected) / 1000).toBeGreaterThanOrEqual(least)
  })

  test.each(Object.keys(recall))('%s: precision at least 0.99', kind => {
    const { emitted, explained } = totals.get(kind) ?? none
    expect(explained).toBeGreaterThanOrEqual(0.99 * emitted)
  })

  test('every line is JSON', () => {
    expect(notJson).toBe(0)
  })
})

const none: Score = { expected: 0, matched: 0, emitted: 0, explained: 0, complete: false }

function add(totals: Map<string, Score>, kind: string, score: Score): void {
  const before = totals.get(kind) ?? none
  totals.set(kind, {
    expected: before.expected + score.expected,
    matched: before.matched + score.matched,
    emitted: before.emitted + (score.complete ? score.emitted : 0),
    explained: before.explained + (score.complete ? score.explained : 0),
    complete: before.complete || score.complete,
  })
}
