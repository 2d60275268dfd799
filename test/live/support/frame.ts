import { listInterfaces } from '../../../src/capture/interfaces.ts'
import { libc } from '../../../src/capture/libc.ts'

const AF_PACKET = 17
const SOCK_RAW = 3

/** Sends a frame out of an interface of this thread's namespace. */
export function sendFrame(device: string, frame: Uint8Array): void {
  const index = listInterfaces().find(({ name }) => name === device)?.index ?? 0
  const address = Buffer.alloc(20) // struct sockaddr_ll
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeInt32LE(index, 4)
  const fd = libc.socket(AF_PACKET, SOCK_RAW, 0)
  try {
    if (libc.bind(fd, address, address.length) !== 0) throw new Error(`cannot bind ${device}`)
    libc.send(fd, frame, frame.length, 0)
  } finally {
    libc.close(fd)
  }
}
