import { attachError, type Direction, type Target } from './attach-error.ts'
import { libbpf, takeMessages } from './libbpf.ts'
import { isErrno } from './libc.ts'
import { attributes, attributeText, openNetlink } from './netlink.ts'

/** A filter of ours at a clsact hook; `detach` removes it and nothing else. */
export interface ClsactAttachment {
  readonly mode: 'clsact'
  detach(): void
}

/** 'ORTH': where a filter of ours is found again after a crash. */
export const FILTER_HANDLE = 0x4f525448
/** The first place of all; filters of other tools run behind ours. */
export const FILTER_PRIORITY = 1

const OUR_PROGRAMS = 'orthrus_'
const ATTACH_POINT = { ingress: 1, egress: 2 } as const // BPF_TC_INGRESS, BPF_TC_EGRESS
const PARENT = { ingress: 0xfffffff2, egress: 0xfffffff3 } as const // TC_H_CLSACT | TC_H_MIN_*
const BPF_TC_F_REPLACE = 1

/**
 * Adds a direct-action filter to the interface's clsact qdisc, which is made when missing and never
 * removed: it may be another tool's by the time we go. What a killed run of ours left at our handle
 * is replaced in place; a foreign filter there is refused with ATTACH_FAILED.
 */
export function attachClsact(
  target: Target,
  direction: Direction,
  program: number,
): ClsactAttachment {
  const bpf = libbpf()
  const hook = hookOf(target, direction)
  const made = bpf.tcHookCreate(hook)
  if (made < 0 && !isErrno(made, 'EEXIST')) throw attachError(target, direction, made)
  const opts = tcOpts({ program })
  let status = bpf.tcAttach(hook, opts)
  if (isErrno(status, 'EEXIST')) status = replace(target, direction, hook, opts)
  if (status < 0) throw attachError(target, direction, status, conflict(status))
  takeMessages() // "Exclusivity flag on": the qdisc was there, as it should
  const id = opts.readUInt32LE(PROGRAM_ID)
  let attached = true
  return {
    mode: 'clsact',
    detach() {
      if (attached) remove(hook, id)
      attached = false
    },
  }
}

function replace(target: Target, direction: Direction, hook: Buffer, opts: Buffer): number {
  const name = filterName(target, direction)
  if (name?.startsWith(OUR_PROGRAMS) === false) {
    const what = `\`${name}\` of another tool is at our handle 0x${FILTER_HANDLE.toString(16)}`
    const fix = `\`tc filter show dev ${target.name} ${direction}\` shows it`
    throw attachError(target, direction, -17, `filter ${what}; ${fix}`)
  }
  opts.writeUInt32LE(BPF_TC_F_REPLACE, FLAGS)
  return libbpf().tcAttach(hook, opts)
}

/** Another run of ours may have replaced our filter meanwhile: then it is not ours to remove. */
function remove(hook: Buffer, id: number): void {
  const found = tcOpts({})
  const status = libbpf().tcQuery(hook, found)
  if (status === 0 && found.readUInt32LE(PROGRAM_ID) === id) libbpf().tcDetach(hook, tcOpts({}))
  takeMessages()
}

function conflict(status: number): string {
  if (!isErrno(status, 'EINVAL') && !isErrno(status, 'ENOENT')) return ''
  return `a filter of another kind has preference ${FILTER_PRIORITY}; give it another with \`tc filter\``
}

const RTM_NEWTFILTER = 44
const RTM_GETTFILTER = 46
const TCMSG = 20 // u8 family, pad, i32 ifindex, u32 handle, u32 parent, u32 info
const TCA_OPTIONS = 2
const TCA_BPF_NAME = 7

/** Name of the program at our handle and priority, as `orthrus_l2_ingress:[42]`. */
function filterName(target: Target, direction: Direction): string | undefined {
  const request = Buffer.alloc(TCMSG)
  request.writeInt32LE(target.index, 4)
  request.writeUInt32LE(PARENT[direction], 12)
  const netlink = openNetlink()
  try {
    for (const { type, body } of netlink.dump(RTM_GETTFILTER, request)) {
      const priority = body.getUint32(16, true) >>> 16
      const handle = body.getUint32(8, true)
      if (type !== RTM_NEWTFILTER || priority !== FILTER_PRIORITY || handle !== FILTER_HANDLE) {
        continue
      }
      const options = attributes(body, TCMSG).get(TCA_OPTIONS)
      if (options !== undefined) return attributeText(attributes(options, 0).get(TCA_BPF_NAME))
    }
    return undefined
  } finally {
    netlink.close()
  }
}

/** struct bpf_tc_hook: size_t sz, int ifindex, enum attach_point, u32 parent. */
function hookOf(target: Target, direction: Direction): Buffer {
  const hook = Buffer.alloc(24)
  hook.writeBigUInt64LE(BigInt(hook.length), 0)
  hook.writeInt32LE(target.index, 8)
  hook.writeUInt32LE(ATTACH_POINT[direction], 12)
  return hook
}

// struct bpf_tc_opts: size_t sz, int prog_fd, u32 flags, prog_id, handle, priority
const FLAGS = 12
const PROGRAM_ID = 16

function tcOpts({ program = 0 }: { program?: number }): Buffer {
  const opts = Buffer.alloc(32)
  opts.writeBigUInt64LE(BigInt(opts.length), 0)
  opts.writeInt32LE(program, 8)
  opts.writeUInt32LE(FILTER_HANDLE, 20)
  opts.writeUInt32LE(FILTER_PRIORITY, 24)
  return opts
}
