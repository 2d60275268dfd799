import { listInterfaces } from '../../../src/capture/interfaces.ts'
import { libc } from '../../../src/capture/libc.ts'

const AF_PACKET = 17
const SOCK_RAW = 3

/** Sends `count` frames of 64 bytes out of an interface of this thread's namespace. */
export function sendFrames(device: string, count = 1): void {
  const index = listInterfaces().find(({ name }) => name === device)?.index ?? 0
  const address = Buffer.alloc(20) // struct sockaddr_ll
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeInt32LE(index, 4)
  const frame = Buffer.alloc(64, 0xff, 'latin1')
  frame.writeUInt16BE(0x88b5, 12) // IEEE 802 local experimental
  const fd = libc.socket(AF_PACKET, SOCK_RAW, 0)
  try {
    if (libc.bind(fd, address, address.length) !== 0) throw new Error(`cannot bind ${device}`)
    for (let i = 0; i < count; i++) libc.send(fd, frame, frame.length, 0)
  } finally {
    libc.close(fd)
  }
}
