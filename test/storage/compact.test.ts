import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compact } from '../../src/storage/compact.ts'
import { sequenceKey } from '../../src/storage/entry.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { openTemporary, temporaryDirectory } from './open.ts'

/** Holds `kept` of 3,000 alerts. */
async function used(directory: string, kept: number): Promise<void> {
  const environment: Environment = await openEnvironment({ directory })
  const value = 'x'.repeat(1000)
  const append = { kind: 'append', table: 'alerts', value } as const
  for (let n = 0; n < 3; n++) await environment.commit(Array(1000).fill(append))
  const gone = Array.from({ length: 3000 - kept }, (_, n) => sequenceKey(n + 1))
  await environment.commit(gone.map(key => ({ kind: 'remove', table: 'alerts', key })))
  await environment.close()
}

test('a file that is mostly empty shrinks and holds the same', async () => {
  const directory = temporaryDirectory()
  await used(directory, 100)
  const file = join(directory, 'memory', 'data.mdb')
  const before = statSync(file).size
  expect(await compact(join(directory, 'memory'), 1e6)).toBe(true)
  expect(statSync(file).size).toBeLessThan(before / 4)
  expect(existsSync(join(directory, 'memory.compact'))).toBe(false)
  const environment = await openTemporary(directory)
  expect(environment.setAside).toBeUndefined()
  expect(environment.page('alerts', { limit: 5000 })).toHaveLength(100)
  expect(await environment.commit([{ kind: 'append', table: 'alerts', value: '' }])).toEqual([3001])
})

test.each([
  ['a file that is well used', 1500, 1e6],
  ['a small file', 100, 1e9],
])('%s is left alone', async (_, kept, least) => {
  const directory = temporaryDirectory()
  await used(directory, kept)
  expect(await compact(join(directory, 'memory'), least)).toBe(false)
})
