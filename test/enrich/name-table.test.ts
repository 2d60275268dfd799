import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NameTable } from '../../src/enrich/name-table.ts'

function put(table: NameTable, key: readonly number[], name: string, since = 0, until = 10): void {
  table.key.set(key)
  table.put(name, 1, since, until)
}

function get(table: NameTable, key: readonly number[]): string | undefined {
  table.key.set(key)
  const slot = table.find()
  return slot < 0 ? undefined : table.name(slot)
}

describe('a table of names', () => {
  test('gives what was put under the same key, and only that', () => {
    const table = new NameTable(2, 64)
    expect(get(table, [1, 2])).toBeUndefined()
    put(table, [1, 2], 'a')
    put(table, [2, 1], 'b')
    put(table, [1, 2], 'c')
    expect([get(table, [1, 2]), get(table, [2, 1]), get(table, [1, 1])]).toEqual([
      'c',
      'b',
      undefined,
    ])
    expect(table.size).toBe(2)
  })

  test('forgets what is removed', () => {
    const table = new NameTable(1, 64)
    put(table, [1], 'a')
    table.key.set([1])
    table.remove(table.find())
    expect([get(table, [1]), table.size]).toEqual([undefined, 0])
  })

  test('lets the one go that was unused for longest, but first what has expired', () => {
    const table = new NameTable(1, 8)
    for (let key = 0; key < 8; key++) put(table, [key], `${key}`, 0, key === 3 ? 5 : 100)
    get(table, [0])
    put(table, [8], '8', 6)
    expect([get(table, [3]), get(table, [0]), table.evicted]).toEqual([undefined, '0', 0])
    put(table, [9], '9', 6)
    expect([get(table, [1]), get(table, [0]), table.evicted]).toEqual([undefined, '0', 1])
  })

  test('never holds more than its room, and never another name than the last of a key', () => {
    const operation = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.nat(50))
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 2000 }), operations => {
        const table = new NameTable(3, 64)
        const last = new Map<number, string>()
        for (const [index, [key, since]] of operations.entries()) {
          put(table, [key, -key, key << 20], `${index}`, since, since + 10)
          last.set(key, `${index}`)
        }
        expect(table.size).toBeLessThanOrEqual(64)
        for (const [key, name] of last) {
          expect([name, undefined]).toContain(get(table, [key, -key, key << 20]))
        }
      }),
    )
  })
})
