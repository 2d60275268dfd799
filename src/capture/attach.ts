import { attachError, type Direction, type Target } from './attach-error.ts'
import { attachClsact } from './clsact.ts'
import { libbpf } from './libbpf.ts'
import { isErrno, libc } from './libc.ts'

export type AttachMode = 'auto' | 'tcx' | 'clsact'

/** A program on one side of one interface. `detach` twice, or after the interface went, is fine. */
export interface Attachment {
  readonly mode: 'tcx' | 'clsact'
  detach(): void
}

const TCX_TYPE = { ingress: 46, egress: 47 } as const // BPF_TCX_INGRESS, BPF_TCX_EGRESS
const BPF_F_BEFORE = 1 << 3

/**
 * Puts a tc program in front of all others on one side of an interface: as TCX link (kernel 6.6),
 * else, with `auto` and `clsact`, as clsact filter. Throws ATTACH_FAILED or PRIVILEGES_MISSING.
 */
export function attach(
  target: Target,
  direction: Direction,
  program: number,
  mode: AttachMode = 'auto',
): Attachment {
  if (mode === 'clsact') return attachClsact(target, direction, program)
  const link = createLink(target, direction, program)
  if (link >= 0) return linkAttachment(link)
  // EINVAL: the kernel does not know the attach type. Anything else is about this interface.
  if (mode === 'auto' && isErrno(link, 'EINVAL')) return attachClsact(target, direction, program)
  const fix = isErrno(link, 'EINVAL') ? 'TCX needs kernel 6.6; `attach: auto` takes clsact' : ''
  throw attachError(target, direction, link, fix)
}

/** Links of a dead process vanish with their descriptors, so a kill -9 leaves nothing behind. */
function linkAttachment(link: number): Attachment {
  let open = true
  return {
    mode: 'tcx',
    detach() {
      if (open) libc.close(link)
      open = false
    },
  }
}

/**
 * bpf_link_create with struct bpf_link_create_opts cut after `flags`: libbpf 1.1 does not know TCX,
 * but hands flags on. Without a relative program BPF_F_BEFORE means before all.
 */
function createLink(target: Target, direction: Direction, program: number): number {
  const opts = Buffer.alloc(16)
  opts.writeBigUInt64LE(BigInt(opts.length), 0)
  opts.writeUInt32LE(BPF_F_BEFORE, 8)
  return libbpf().linkCreate(program, target.index, TCX_TYPE[direction], opts)
}

/**
 * Ids of the programs that TCX runs on one side of an interface, in their order; undefined when the
 * kernel has no TCX. Needs CAP_NET_ADMIN.
 */
export function tcxPrograms(index: number, direction: Direction): number[] | undefined {
  const ids = new Uint32Array(64)
  const count = Uint32Array.of(ids.length)
  const status = libbpf().progQuery(index, TCX_TYPE[direction], 0, null, ids, count)
  return status < 0 ? undefined : [...ids.subarray(0, count[0])]
}
