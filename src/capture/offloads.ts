import koffi from 'koffi'
import { libc, SOCK_CLOEXEC } from './libc.ts'

export interface Offloads {
  /** Large and generic receive offload; undefined when the driver does not say. */
  readonly lro: boolean | undefined
  readonly gro: boolean | undefined
}

const AF_INET = 2
const SOCK_DGRAM = 2
const SIOCETHTOOL = 0x8946
const ETHTOOL_GFLAGS = 0x25
const ETHTOOL_GGRO = 0x2b
const ETH_FLAG_LRO = 1 << 15
const IFNAMSIZ = 16

/** Asks the driver by ethtool's ioctl, in this process's network namespace; needs no privilege. */
export function readOffloads(name: string): Offloads {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return { lro: undefined, gro: undefined }
  try {
    const flags = ask(fd, name, ETHTOOL_GFLAGS)
    const gro = ask(fd, name, ETHTOOL_GGRO)
    return {
      lro: flags === undefined ? undefined : (flags & ETH_FLAG_LRO) !== 0,
      gro: gro === undefined ? undefined : gro !== 0,
    }
  } finally {
    libc.close(fd)
  }
}

/** struct ifreq (name, pointer) with struct ethtool_value (u32 command, u32 data). */
function ask(fd: number, name: string, command: number): number | undefined {
  const value = Buffer.alloc(8)
  value.writeUInt32LE(command, 0)
  const request = Buffer.alloc(40)
  request.write(name, 0, IFNAMSIZ - 1, 'utf8')
  request.writeBigUInt64LE(koffi.address(value), IFNAMSIZ)
  return libc.ioctl(fd, SIOCETHTOOL, request) < 0 ? undefined : value.readUInt32LE(4)
}
