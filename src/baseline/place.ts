import { type SeenKind } from './seen-set.ts'

/*
 * Keys of the table `baselines`: the number of the baseline (4 bytes, big-endian, so that one
 * baseline lies together), what it is of (1 byte), which of its tables (1 byte), a number (4 bytes).
 * Number 0 is the store itself.
 */

const sorts = { head: 1, page: 2, record: 3, text: 4, held: 5 } as const
const kinds = { entities: 1, values: 2, pairs: 3 } as const

type Sort = keyof typeof sorts

/** What an entry of the table `baselines` is of. */
export interface Place {
  readonly baseline: number
  readonly sort: Sort
  readonly kind: SeenKind | undefined
  readonly number: number
}

export const keyBytes = 10

export function placeKey(
  baseline: number,
  sort: Sort,
  kind: SeenKind | undefined,
  number: number,
): Buffer {
  const key = Buffer.allocUnsafe(keyBytes)
  key.writeUInt32BE(baseline, 0)
  key.writeUInt8(sorts[sort], 4)
  key.writeUInt8(kind === undefined ? 0 : kinds[kind], 5)
  key.writeUInt32BE(number, 6)
  return key
}

/** The first key behind all those of that sort and kind. */
export function placeEnd(baseline: number, sort: Sort, kind: SeenKind | undefined): Buffer {
  return Buffer.concat([placeKey(baseline, sort, kind, 0xffffffff), Buffer.of(0)])
}

/** Undefined for bytes that are no such key. */
export function readPlace(key: Uint8Array): Place | undefined {
  if (key.length !== keyBytes) return undefined
  const view = new DataView(key.buffer, key.byteOffset, keyBytes)
  const sort = nameOf(sorts, view.getUint8(4))
  if (sort === undefined) return undefined
  const kind = nameOf(kinds, view.getUint8(5))
  return { baseline: view.getUint32(0), sort, kind, number: view.getUint32(6) }
}

function nameOf<T extends string>(table: Readonly<Record<T, number>>, code: number): T | undefined {
  return (Object.keys(table) as T[]).find(name => table[name] === code)
}
