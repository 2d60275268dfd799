import { existsSync } from 'node:fs'
import koffi from 'koffi'
import { SensorError } from '../errors.ts'
import { installed } from '../installation.ts'
import { type KernelCounters, sumCounters } from './counters.ts'
import { RingReader } from './ring-buffer.ts'

/** The kernel program as a shared library (bpf/host.c): one sensor with its tables and its ring. */
export interface HostSensor {
  readonly reader: RingReader
  /**
   * Feeds packets (`struct replay_packet`, see pcap-batch.ts) from `at` of a batch; stops before the
   * first one at or after `until` (ns since the epoch), or when the ring is nearly full. Returns
   * the bytes taken.
   */
  feed(batch: Buffer, at: number, length: number, until: bigint): number
  counters(): KernelCounters
  /** Entries of a flow table from `cursor[0]` on; `cursor[0]` is 0 after the last. */
  flows(family: 4 | 6, cursor: Uint32Array, keys: Uint8Array, values: Uint8Array): number
  /** Removes an entry; false when it is gone. */
  forget(family: 4 | 6, key: Uint8Array): boolean
  /** Reads struct event_outer of a tunnelled conversation; false when it is not known. */
  outer(key: Uint8Array, into: Uint8Array): boolean
  close(): void
}

export interface HostOptions {
  /** struct settings of bpf/settings.h. */
  readonly settings: Uint8Array
  /** Bytes, a power of two. */
  readonly ringSize: number
  /** Conversations in each table. */
  readonly flows: number
}

const COUNTERS_SIZE = 384
export const KEY_SIZE = { 4: 16, 6: 40 } as const
export const FLOW_SIZE = 200

const library = installed('build/liborthrus.so')

/** Opens a sensor in user space. Throws NOT_BUILT without the library, OUT_OF_MEMORY without memory. */
export function openHost({ settings, ringSize, flows }: HostOptions): HostSensor {
  const lib = host()
  const handle = lib.open(settings, ringSize, flows)
  if (handle === null) {
    const fix = 'lower `capture.flow_table`'
    throw new SensorError('OUT_OF_MEMORY', `no memory for a table of ${flows} flows; ${fix}`)
  }
  const where = new BigUint64Array(4)
  lib.ring(handle, where)
  const [consumer = 0n, producer = 0n, data = 0n, page = 0n] = where
  const reader = new RingReader({
    consumer: koffi.view(consumer, Number(page)),
    producer: koffi.view(producer, Number(page)),
    data: koffi.view(data, 2 * ringSize),
    size: ringSize,
  })
  const counted = new Uint8Array(COUNTERS_SIZE)
  return {
    reader,
    feed: (batch, at, length, until) =>
      lib.feed(handle, batch.subarray(at, length), length - at, until),
    counters() {
      lib.counters(handle, counted)
      return sumCounters(counted, COUNTERS_SIZE)
    },
    flows: (family, cursor, keys, values) =>
      lib.flows(handle, family, cursor, keys, values, Math.floor(values.length / FLOW_SIZE)),
    forget: (family, key) => lib.forget(handle, family, key) === 0,
    outer: (key, into) => lib.outer(handle, key, into) === 0,
    close: () => void lib.close(handle),
  }
}

type Handle = unknown

/** The exports of bpf/host.c. */
interface HostLibrary {
  open(settings: Uint8Array, ringSize: number, flows: number): Handle | null
  ring(handle: Handle, where: BigUint64Array): void
  feed(handle: Handle, batch: Uint8Array, length: number, until: bigint): number
  counters(handle: Handle, into: Uint8Array): void
  flows(
    handle: Handle,
    family: number,
    cursor: Uint32Array,
    keys: Uint8Array,
    values: Uint8Array,
    most: number,
  ): number
  forget(handle: Handle, family: number, key: Uint8Array): number
  outer(handle: Handle, key: Uint8Array, into: Uint8Array): number
  close(handle: Handle): void
}

let loaded: HostLibrary | undefined

function host(): HostLibrary {
  if (!existsSync(library)) {
    throw new SensorError(
      'NOT_BUILT',
      `cannot find \`${library}\`: the library is not built; \`make\``,
    )
  }
  loaded ??= declare()
  return loaded
}

function declare(): HostLibrary {
  const lib = koffi.load(library)
  return {
    open: lib.func('void *orthrus_open(uint8_t *settings, uint64_t ring, uint32_t flows)'),
    ring: lib.func('void orthrus_ring(void *s, _Out_ uint64_t *where)'),
    feed: lib.func(
      'uint32_t orthrus_feed(void *s, uint8_t *batch, uint32_t length, uint64_t until)',
    ),
    counters: lib.func('void orthrus_counters(void *s, _Out_ uint8_t *out)'),
    flows: lib.func(
      'uint32_t orthrus_flows(void *s, uint32_t family, _Inout_ uint32_t *cursor, _Out_ uint8_t *keys, _Out_ uint8_t *values, uint32_t most)',
    ),
    forget: lib.func('int orthrus_forget(void *s, uint32_t family, uint8_t *key)'),
    outer: lib.func('int orthrus_outer(void *s, uint8_t *key, _Out_ uint8_t *out)'),
    close: lib.func('void orthrus_close(void *s)'),
  }
}
