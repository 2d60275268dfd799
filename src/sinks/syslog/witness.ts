import { type Socket } from 'node:net'
import koffi from 'koffi'

/** `both`: each side has ended it and has all that the other sent; `reset`; or neither yet. */
export type Ending = 'both' | 'reset' | 'open'

/** A second descriptor of a connection, which Node does not close: the kernel's word on its end. */
export interface Witness {
  look(): Ending
  close(): void
}

// <linux/fcntl.h>, <netinet/tcp.h>, <asm-generic/socket.h>
const F_DUPFD_CLOEXEC = 1030
const [IPPROTO_TCP, TCP_INFO, TCP_CLOSE] = [6, 11, 7] as const
const [SOL_SOCKET, SO_ERROR] = [1, 4] as const

/** Undefined when the socket has no descriptor (any more). */
export function witness(socket: Socket): Witness | undefined {
  const own = descriptorOf(socket)
  const fd = own === undefined ? -1 : libc().fcntl(own, F_DUPFD_CLOEXEC, 'int', 0)
  if (fd < 0) return undefined
  const option = (level: number, name: number): number => {
    const value = Buffer.alloc(4)
    const length = Uint32Array.of(value.length)
    return libc().getsockopt(fd, level, name, value, length) < 0 ? -1 : value.readInt32LE()
  }
  return {
    look() {
      // The first byte of struct tcp_info is the state. TIME_WAIT is a socket of the kernel's own;
      // ours is then closed without an error: our FIN was acknowledged, and theirs has come.
      if ((option(IPPROTO_TCP, TCP_INFO) & 0xff) !== TCP_CLOSE) return 'open'
      return option(SOL_SOCKET, SO_ERROR) === 0 ? 'both' : 'reset'
    },
    close: () => void libc().close(fd),
  }
}

/** Node has no public name for it. */
function descriptorOf(socket: Socket): number | undefined {
  if (!('_handle' in socket)) return undefined
  const { _handle: handle } = socket
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined
}

interface Libc {
  readonly fcntl: (fd: number, operation: number, type: 'int', argument: number) => number
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Buffer,
    length: Uint32Array,
  ) => number
  readonly close: (fd: number) => number
}

let bound: Libc | undefined

function libc(): Libc {
  if (bound !== undefined) return bound
  const lib = koffi.load(null)
  bound = {
    fcntl: lib.func('int fcntl(int fd, int operation, ...)') as Libc['fcntl'],
    getsockopt: lib.func(
      'int getsockopt(int fd, int level, int name, void *value, void *length)',
    ) as Libc['getsockopt'],
    close: lib.func('int close(int fd)') as Libc['close'],
  }
  return bound
}
