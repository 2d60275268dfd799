import { SensorError } from '../errors.ts'
import { errno, errnoName, isErrno, libc, MSG_DONTWAIT, SOCK_CLOEXEC } from './libc.ts'

/** One rtnetlink message: its type (RTM_*) and the bytes behind struct nlmsghdr. */
export interface NetlinkMessage {
  readonly type: number
  readonly body: DataView
}

export interface Netlink {
  readonly fd: number
  /** All answers to a dump request (RTM_GET*); `request` is the fixed struct of that type. */
  dump(type: number, request: Uint8Array): NetlinkMessage[]
  /** The notifications that have come in, without waiting; undefined when some were lost. */
  notifications(): NetlinkMessage[] | undefined
  close(): void
}

const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_ROUTE = 0
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
const NLM_F_DUMP_INTR = 0x10
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const HEADER = 16 // struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port
const BUFFER = 1 << 18
const ATTEMPTS = 5

/**
 * A NETLINK_ROUTE socket in this process's own network namespace (which /sys/class/net need not
 * show). Dumps need no privilege. `groups` are the RTMGRP_* bits of the notifications wanted.
 */
export function openNetlink(groups = 0): Netlink {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
  if (fd < 0) throw failed('open', errno())
  const buffer = Buffer.alloc(BUFFER)
  if (groups !== 0) bindGroups(fd, groups)
  let sequence = 0
  return {
    fd,
    dump(type, request) {
      for (let attempt = 1; ; attempt++) {
        const answer = dumpOnce(fd, buffer, ++sequence, type, request)
        // The kernel marks a dump that a change ran into: what it gave may be inconsistent.
        if (!answer.interrupted || attempt === ATTEMPTS) return answer.messages
      }
    },
    notifications: () => readNotifications(fd, buffer),
    close: () => void libc.close(fd),
  }
}

function bindGroups(fd: number, groups: number): void {
  const address = Buffer.alloc(12) // struct sockaddr_nl
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(groups, 8)
  if (libc.bind(fd, address, address.length) < 0) throw failed('subscribe to', errno())
}

function dumpOnce(
  fd: number,
  buffer: Buffer,
  sequence: number,
  type: number,
  request: Uint8Array,
): { messages: NetlinkMessage[]; interrupted: boolean } {
  const message = Buffer.alloc(HEADER + request.length)
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6)
  message.writeUInt32LE(sequence, 8)
  message.set(request, HEADER)
  if (libc.send(fd, message, message.length, 0) < 0) throw failed('ask', errno())
  const messages: NetlinkMessage[] = []
  let interrupted = false
  for (;;) {
    const length = Number(libc.recv(fd, buffer, buffer.length, 0))
    if (length < 0) throw failed('read from', errno())
    for (const part of split(buffer, length)) {
      interrupted ||= (part.flags & NLM_F_DUMP_INTR) !== 0
      if (part.type === NLMSG_DONE) return { messages, interrupted }
      if (part.type === NLMSG_ERROR) throw failed('ask', part.body.getInt32(0, true))
      messages.push(part)
    }
  }
}

function readNotifications(fd: number, buffer: Buffer): NetlinkMessage[] | undefined {
  const messages: NetlinkMessage[] = []
  let lost = false
  for (;;) {
    const length = Number(libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT))
    if (length >= 0) messages.push(...split(buffer, length))
    else if (isErrno(errno(), 'ENOBUFS')) lost = true
    else if (isErrno(errno(), 'EAGAIN')) return lost ? undefined : messages
    else throw failed('read from', errno())
  }
}

function split(buffer: Buffer, length: number): (NetlinkMessage & { flags: number })[] {
  const messages: (NetlinkMessage & { flags: number })[] = []
  for (let at = 0; at + HEADER <= length; ) {
    const size = buffer.readUInt32LE(at)
    if (size < HEADER || at + size > length) break
    const copy = Uint8Array.prototype.slice.call(buffer, at + HEADER, at + size)
    messages.push({
      type: buffer.readUInt16LE(at + 4),
      flags: buffer.readUInt16LE(at + 6),
      body: new DataView(copy.buffer, copy.byteOffset, copy.byteLength),
    })
    at += (size + 3) & ~3
  }
  return messages
}

/** The attributes (struct rtattr: u16 length, u16 type, bytes, padded to 4) from `start` on. */
export function attributes(view: DataView, start: number): Map<number, DataView> {
  const found = new Map<number, DataView>()
  for (let at = start; at + 4 <= view.byteLength; ) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > view.byteLength) break
    const type = view.getUint16(at + 2, true) & 0x3fff // without the NESTED and BYTEORDER bits
    found.set(type, new DataView(view.buffer, view.byteOffset + at + 4, length - 4))
    at += (length + 3) & ~3
  }
  return found
}

/** A string attribute without its closing zero; '' when there is none. */
export function attributeText(view: DataView | undefined): string {
  if (view === undefined) return ''
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

function failed(what: string, code: number): SensorError {
  return new SensorError(
    'NETLINK_FAILED',
    `cannot ${what} the kernel's netlink: ${errnoName(code)}; a sandbox may forbid AF_NETLINK`,
  )
}
