import { closeSync, openSync, writeSync } from 'node:fs'
import { libc } from '../../../src/capture/libc.ts'

const TUNSETIFF = 0x400454ca
const IFF_TUN_NO_PI = 0x1001

/** A tun device of this thread's namespace, with this process at its other end. */
export function openTun(name: string) {
  const fd = openSync('/dev/net/tun', 'r+')
  const request = Buffer.alloc(40) // struct ifreq
  request.write(name, 0, 15, 'latin1')
  request.writeInt16LE(IFF_TUN_NO_PI, 16)
  if (libc.ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`cannot make ${name}`)
  return {
    /** Lets the device receive an IP packet. */
    receive: (packet: Uint8Array) => void writeSync(fd, packet),
    [Symbol.dispose]: () => closeSync(fd),
  }
}
