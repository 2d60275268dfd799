import { type OuterEnds, type SweptTable } from './flow-sweep.ts'
import { type Slice } from './flow-table.ts'
import { FLOW_SIZE, type HostSensor, KEY_SIZE } from './host.ts'

const SLICE = 1024

/** A flow table of the replay library, read like the kernel's. */
export function hostTable(host: HostSensor, family: 4 | 6): SweptTable {
  const keySize = KEY_SIZE[family]
  const keys = new Uint8Array(SLICE * keySize)
  const values = new Uint8Array(SLICE * FLOW_SIZE)
  const memory: Omit<Slice, 'count'> = {
    keys,
    values,
    keyView: new DataView(keys.buffer),
    valueView: new DataView(values.buffer),
  }
  const cursor = new Uint32Array(1)
  return {
    family,
    // Nothing runs between reading a slice and taking from it, so the value is the last one.
    map: { keySize, valueSize: FLOW_SIZE, take: key => host.forget(family, key) },
    rewind() {
      cursor[0] = 0
    },
    read() {
      const count = host.flows(family, cursor, keys, values)
      return { slice: { ...memory, count }, last: cursor[0] === 0 }
    },
  }
}

/** The outer ends that the replay library keeps. */
export function hostOuters(host: HostSensor): OuterEnds {
  return {
    lookup: (key, into) =>
      host.outer(key, new Uint8Array(into.buffer, into.byteOffset, into.byteLength)),
  }
}
