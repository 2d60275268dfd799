import { describe, expect, test } from 'vitest'
import { detectorName } from '../../src/detectors/detectors.ts'
import * as registry from '../../src/detectors/index.ts'
import { flood, small } from './strangers.ts'
import { dice, HOUR, World } from './world.ts'

/**
 * A flood of whatever a detector looks at, each key of it new: no table grows beyond its limit, and what
 * finds no room is counted. That what was watched before it is found after it: `survivors.test.ts`.
 */

/** Most entries of the tables that have no option. */
const fixed = 32_768
/** These remember nothing of their own, or only what lists of the operator hold. */
const stateless = new Set(['dns-opcode', 'icmp-tunnel', 'indicator', 'long-connection', 'profile'])
const ROUND = 800

const names = Object.keys(registry).map(detectorName)

describe.each(names.filter(name => !stateless.has(name)))('%s under a flood', name => {
  test('stays within its limits, and counts what it refuses', () => {
    const world = new World(name, { options: small[name] ?? {}, learn: 0 })
    const random = dice(5)
    flood(world, random, ROUND, 60)
    flood(world, random, ROUND, 120)
    const { refused = 0, evicted = 0, unwatched, ...tables } = world.counts[name] ?? {}
    const limits = Object.values(small[name] ?? {})
    const limit = limits.length === 0 ? fixed : Math.max(...limits)
    expect(Object.keys(tables)).not.toEqual([])
    for (const size of Object.values(tables)) expect(size).toBeLessThanOrEqual(limit)
    expect(limits.length === 0 ? 1 : refused + evicted).toBeGreaterThan(0)
    expect(unwatched ?? 0).toBeGreaterThanOrEqual(0)
  })
})

test('tables are empty again when the flood is long over', () => {
  const world = new World('dns-ttl', { options: small['dns-ttl'] ?? {}, learn: 0 })
  flood(world, dice(3), 600, 60)
  expect(world.counts['dns-ttl']?.['names']).toBe(256)
  world.advance(4 * HOUR)
  expect(world.counts['dns-ttl']?.['names']).toBe(0)
})
