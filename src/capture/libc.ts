import koffi from 'koffi'

/** A C pointer: koffi gives addresses as bigint and takes typed arrays by reference. */
export type Pointer = bigint | NodeJS.ArrayBufferView | null

// Node itself is linked against the C library, so the process already has these symbols.
const lib = koffi.load(null)

/** The C library calls that Node has no API for; each returns what C returns, errno by `errno()`. */
export const libc = {
  mmap: lib.func(
    'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
  ) as (
    addr: null,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: number,
  ) => bigint,
  munmap: lib.func('int munmap(void *addr, size_t length)') as (
    addr: bigint,
    length: number,
  ) => number,
  sysconf: lib.func('long sysconf(int name)') as (name: number) => number,
  close: lib.func('int close(int fd)') as (fd: number) => number,
  socket: lib.func('int socket(int domain, int type, int protocol)') as (
    domain: number,
    type: number,
    protocol: number,
  ) => number,
  bind: lib.func('int bind(int fd, const void *address, uint32_t length)') as (
    fd: number,
    address: Pointer,
    length: number,
  ) => number,
  send: lib.func('int64_t send(int fd, const void *data, size_t length, int flags)') as (
    fd: number,
    data: Pointer,
    length: number,
    flags: number,
  ) => number,
  recv: lib.func('int64_t recv(int fd, void *data, size_t length, int flags)') as (
    fd: number,
    data: Pointer,
    length: number,
    flags: number,
  ) => number,
  ioctl: lib.func('int ioctl(int fd, unsigned long request, void *data)') as (
    fd: number,
    request: number,
    data: Pointer,
  ) => number,
  clockGettime: lib.func('int clock_gettime(int clock, void *time)') as (
    clock: number,
    time: Pointer,
  ) => number,
  adjtimex: lib.func('int adjtimex(void *timex)') as (timex: Pointer) => number,
  vsnprintf: lib.func('int vsnprintf(void *text, size_t size, const void *format, void *args)') as (
    text: Pointer,
    size: number,
    format: Pointer,
    args: Pointer,
  ) => number,
}

/** Has the C library give back the memory that it keeps free, where it can: glibc's malloc_trim(3). */
export function trimHeap(): void {
  try {
    lib.func('int malloc_trim(size_t pad)')(0)
  } catch {
    // musl keeps little, and has no such function.
  }
}

export const PROT_READ = 1
export const PROT_WRITE = 2
export const MAP_SHARED = 1
export const SOCK_CLOEXEC = 0o2000000
export const MSG_DONTWAIT = 0x40

/** errno of the last call made from this thread. */
export function errno(): number {
  return koffi.errno()
}

// The kernel's own, for "not supported": it should stay inside, yet bpf(2) lets it out.
const numbers: Readonly<Record<string, number>> = { ...koffi.os.errno, ENOTSUPP: 524 }

const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]))
// One number, two names: take the one that man pages use.
for (const name of ['EAGAIN', 'EOPNOTSUPP', 'EDEADLK']) names.set(numbers[name] ?? 0, name)

/** `EPERM` for 1 or -1; `error 4095` for a number without a name. */
export function errnoName(code: number): string {
  const number = Math.abs(code)
  return names.get(number) ?? `error ${number}`
}

/** True when `code` (errno, or its negative) is the one called `name`. */
export function isErrno(code: number, name: string): boolean {
  return code !== 0 && Math.abs(code) === numbers[name]
}
