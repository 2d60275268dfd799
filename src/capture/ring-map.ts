import koffi from 'koffi'
import { type BpfMap, mapError } from './bpf-map.ts'
import { errno, libc, MAP_SHARED, PROT_READ, PROT_WRITE } from './libc.ts'
import { type RingMemory } from './ring-buffer.ts'

const MAP_FAILED = 2n ** 64n - 1n
/** More than the longest record: so much of the ring is seen again behind its end. */
const SPILL = 64 * 1024

export interface MappedRing extends RingMemory {
  /** Unmaps; nothing may touch the memory afterwards. */
  unmap(): void
}

/**
 * Maps a BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c): page 0 is the consumer position, writable;
 * page 1 the producer position; then the data, twice in a row, read-only. Of the second time only
 * what a record can reach into is mapped: it would count as memory of this process once more.
 */
export function mapRing(map: BpfMap): MappedRing {
  const page = pageSize()
  const size = map.maxEntries
  const consumer = mapPages(map, page, PROT_READ | PROT_WRITE, 0)
  const length = size + Math.min(size, SPILL)
  const rest = mapPages(map, page + length, PROT_READ, page)
  const pointer = rest.address + BigInt(page)
  return {
    consumer: koffi.view(consumer.address, page),
    producer: koffi.view(rest.address, page),
    data: koffi.view(pointer, length),
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
