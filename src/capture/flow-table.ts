import { type BpfMap, mapError } from './bpf-map.ts'
import { libbpf } from './libbpf.ts'
import { isErrno } from './libc.ts'

/** A slice of a table: `count` keys and values, one after the other, valid until the next read. */
export interface Slice {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  readonly count: number
  /** The same memory as `keys` and `values`. */
  readonly keyView: DataView
  readonly valueView: DataView
}

const SLICE = 1024

/** Reads a hash map slice by slice (bpf_map_lookup_batch) into memory that is allocated once. */
export class FlowTable {
  readonly map: BpfMap
  readonly family: 4 | 6
  readonly #count = new Uint32Array(1)
  readonly #token = new Uint8Array(64) // the kernel writes a u32 for a hash
  #size: number
  #slice: Omit<Slice, 'count'>
  #begun = false

  constructor(map: BpfMap, family: 4 | 6, slice = SLICE) {
    this.map = map
    this.family = family
    this.#size = slice
    this.#slice = memory(map, slice)
  }

  /** Starts over at the first bucket. */
  rewind(): void {
    this.#begun = false
  }

  /** The next slice and whether it was the last; a table that changes meanwhile gives no entry twice. */
  read(): { slice: Slice; last: boolean } {
    for (;;) {
      this.#count[0] = this.#size
      const from = this.#begun ? this.#token : null
      const next = this.#token
      const count = this.#count
      const { fd, name } = this.map
      const { keys, values } = this.#slice
      const status = libbpf().lookupBatch(fd, from, next, keys, values, count, null)
      const last = isErrno(status, 'ENOENT')
      if (isErrno(status, 'ENOSPC')) {
        this.#grow() // one bucket alone has more entries than the slice
        continue
      }
      if (status !== 0 && !last) throw mapError(name, 'batch lookup in', status)
      this.#begun = !last
      return { slice: { ...this.#slice, count: count[0] ?? 0 }, last }
    }
  }

  #grow(): void {
    this.#size *= 2
    this.#slice = memory(this.map, this.#size)
  }
}

function memory(map: BpfMap, entries: number): Omit<Slice, 'count'> {
  const keys = new Uint8Array(entries * map.keySize)
  const values = new Uint8Array(entries * map.valueSize)
  return {
    keys,
    values,
    keyView: new DataView(keys.buffer),
    valueView: new DataView(values.buffer),
  }
}
