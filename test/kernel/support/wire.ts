import { setTimeout as sleep } from 'node:timers/promises'
import koffi from 'koffi'
import { attach } from '../../../src/capture/attach.ts'
import { listInterfaces } from '../../../src/capture/interfaces.ts'
import { libc } from '../../../src/capture/libc.ts'
import { type Namespace } from '../../capture/support/namespace.ts'
import { type KernelProbe } from './probe.ts'

const AF_PACKET = 17
const SOCK_RAW = 3

const SOL_PACKET = 263
const PACKET_VNET_HDR = 15
const setsockopt = koffi
  .load(null)
  .func('int setsockopt(int fd, int level, int name, uint8_t *value, uint32_t size)')

/**
 * Sends frames as they are out of an interface of this namespace. With `linear` only so many bytes
 * of a frame of a page or more lie in the packet's first buffer, as after header split and merging.
 */
export function sendRaw(
  space: Namespace,
  device: string,
  frames: readonly Uint8Array[],
  linear?: number,
): void {
  const address = Buffer.alloc(20) // struct sockaddr_ll
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeInt32LE(indexOf(space, device), 4)
  const header = Buffer.alloc(linear === undefined ? 0 : 10) // struct virtio_net_hdr
  const fd = space.inside(() => libc.socket(AF_PACKET, SOCK_RAW, 0))
  try {
    if (libc.bind(fd, address, address.length) !== 0) throw new Error(`cannot bind ${device}`)
    if (linear !== undefined) {
      header.writeUInt16LE(linear, 2) // hdr_len
      setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, Buffer.from([1, 0, 0, 0]), 4)
    }
    for (const frame of frames) {
      const bytes = Buffer.concat([header, frame])
      const sent = Number(libc.send(fd, bytes, bytes.length, 0))
      if (sent !== bytes.length) throw new Error(`cannot send ${frame.length} bytes`)
    }
  } finally {
    libc.close(fd)
  }
}

/** Lets the program watch one side of an interface until the scope ends. */
export function watch(
  probe: KernelProbe,
  space: Namespace,
  device: string,
  direction: 'ingress' | 'egress',
  link: 'l2' | 'l3' = 'l2',
): Disposable {
  const target = { name: device, index: indexOf(space, device) }
  const part = space.inside(() => attach(target, direction, probe.program(link, direction)))
  return { [Symbol.dispose]: () => space.inside(() => part.detach()) }
}

function indexOf(space: Namespace, device: string): number {
  const found = space.inside(() => listInterfaces()).find(({ name }) => name === device)
  if (found === undefined) throw new Error(`${device} is missing`)
  return found.index
}

/** Waits, for five seconds at most, until it is so. */
export async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (done()) return
    await sleep(10)
  }
  throw new Error('it did not come to pass')
}
