import koffi from 'koffi'
import { type BpfMap, mapError } from './bpf-map.ts'
import { errno, libc, MAP_SHARED, PROT_READ, PROT_WRITE } from './libc.ts'
import { type RingMemory } from './ring-buffer.ts'

const MAP_FAILED = 2n ** 64n - 1n

export interface MappedRing extends RingMemory {
  /** Unmaps; nothing may touch the memory afterwards. */
  unmap(): void
}

/**
 * Maps a BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c): page 0 is the consumer position, writable;
 * page 1 the producer position; then the data, twice in a row, read-only.
 */
export function mapRing(map: BpfMap): MappedRing {
  const page = pageSize()
  const size = map.maxEntries
  const consumer = mapPages(map, page, PROT_READ | PROT_WRITE, 0)
  const rest = mapPages(map, page + 2 * size, PROT_READ, page)
  const pointer = rest.address + BigInt(page)
  return {
    consumer: koffi.view(consumer.address, page),
    producer: koffi.view(rest.address, page),
    data: koffi.view(pointer, 2 * size),
    size,
    unmap() {
      consumer.unmap()
      rest.unmap()
    },
  }
}

function mapPages(map: BpfMap, length: number, protection: number, offset: number) {
  const address = libc.mmap(null, length, protection, MAP_SHARED, map.fd, offset)
  if (address === MAP_FAILED) throw mapError(map.name, 'mmap of', errno())
  return { address, unmap: () => void libc.munmap(address, length) }
}

const SC_PAGESIZE = 30

function pageSize(): number {
  return Number(libc.sysconf(SC_PAGESIZE))
}
