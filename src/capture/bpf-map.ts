import { SensorError } from '../errors.ts'
import { libbpf } from './libbpf.ts'
import { errnoName, isErrno } from './libc.ts'

export interface MapInfo {
  readonly name: string
  readonly fd: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
}

/** A BPF map of a loaded object. Keys and values are raw bytes; an error throws BPF_MAP_FAILED. */
export class BpfMap implements MapInfo {
  readonly name: string
  readonly fd: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly #bpf = libbpf()

  constructor(info: MapInfo) {
    this.name = info.name
    this.fd = info.fd
    this.keySize = info.keySize
    this.valueSize = info.valueSize
    this.maxEntries = info.maxEntries
  }

  /** Reads the value of `key` into `value`; false when there is none. */
  lookup(key: NodeJS.ArrayBufferView, value: NodeJS.ArrayBufferView): boolean {
    return this.#found('lookup in', this.#bpf.lookup(this.fd, key, value))
  }

  /** Sets the value of `key`, whether there was one or not. */
  update(key: NodeJS.ArrayBufferView, value: NodeJS.ArrayBufferView): void {
    this.#found('update of', this.#bpf.update(this.fd, key, value, 0))
  }

  /** Deletes `key`; false when it was not there. */
  remove(key: NodeJS.ArrayBufferView): boolean {
    return this.#found('delete from', this.#bpf.remove(this.fd, key))
  }

  /**
   * Deletes `key` and reads its last value in one step, so that no update falls between the two;
   * before kernel 5.14 in two steps. False when it was not there.
   */
  take(key: NodeJS.ArrayBufferView, value: NodeJS.ArrayBufferView): boolean {
    const status = this.#bpf.take(this.fd, key, value)
    if (isErrno(status, 'ENOTSUPP') || isErrno(status, 'EINVAL')) {
      return this.lookup(key, value) && this.remove(key)
    }
    return this.#found('take from', status)
  }

  /** Deletes the first `count` keys of `keys`; those that are gone already do not matter. */
  removeBatch(keys: Uint8Array, count: number): void {
    const done = new Uint32Array(1)
    for (let at = 0; at < count; at += (done[0] ?? 0) + 1) {
      done[0] = count - at
      const status = this.#bpf.deleteBatch(this.fd, keys.subarray(at * this.keySize), done, null)
      if (status === 0) return
      // ENOENT stops the batch at a key that the LRU evicted meanwhile: go on behind it.
      if (!isErrno(status, 'ENOENT')) throw this.#failed('batch delete from', status)
    }
  }

  /** Reads a per-CPU value: one copy per possible CPU, each at a multiple of eight bytes. */
  lookupPerCpu(key: NodeJS.ArrayBufferView): { bytes: Uint8Array; stride: number } {
    const stride = (this.valueSize + 7) & ~7
    const bytes = new Uint8Array(stride * this.#bpf.possibleCpus())
    this.lookup(key, bytes)
    return { bytes, stride }
  }

  #found(what: string, status: number): boolean {
    if (status === 0) return true
    if (isErrno(status, 'ENOENT')) return false
    throw this.#failed(what, status)
  }

  #failed(what: string, status: number): SensorError {
    return mapError(this.name, what, status)
  }
}

/** A BPF_MAP_FAILED with the map's name and errno's. */
export function mapError(map: string, what: string, status: number): SensorError {
  return new SensorError(
    'BPF_MAP_FAILED',
    `${what} the kernel's map \`${map}\` failed: ${errnoName(status)}`,
  )
}
