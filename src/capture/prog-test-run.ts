import koffi from 'koffi'
import { SensorError } from '../errors.ts'
import { libbpf } from './libbpf.ts'
import { errnoName } from './libc.ts'

export interface TestRun {
  /** The frame; tc programs want at least an Ethernet header of 14 bytes. */
  readonly data: Uint8Array
  /** struct __sk_buff, as much of it as the kernel takes from outside (mark, ifindex, wire_len, …). */
  readonly context?: Uint8Array
  readonly repeat?: number
}

export interface TestResult {
  /** What the program returned, as a signed number (TC_ACT_UNSPEC is -1). */
  readonly returned: number
  /** Mean ns of one run. */
  readonly duration: number
}

const SIZE = 80 // struct bpf_test_run_opts up to and with batch_size
const CONTEXT_MAX = 192 // sizeof(struct __sk_buff)

/** Runs a loaded program on a frame without an interface: bpf_prog_test_run_opts(3). */
export function testRun(program: number, run: TestRun): TestResult {
  const bpf = libbpf()
  const opts = Buffer.alloc(SIZE)
  const out = Buffer.alloc(run.data.length + 256)
  const contextOut = Buffer.alloc(CONTEXT_MAX)
  opts.writeBigUInt64LE(BigInt(SIZE), 0)
  opts.writeBigUInt64LE(addressOf(run.data), 8)
  opts.writeBigUInt64LE(addressOf(out), 16)
  opts.writeUInt32LE(run.data.length, 24)
  opts.writeUInt32LE(out.length, 28)
  if (run.context !== undefined) {
    opts.writeBigUInt64LE(addressOf(run.context), 32)
    opts.writeBigUInt64LE(addressOf(contextOut), 40)
    opts.writeUInt32LE(run.context.length, 48)
    opts.writeUInt32LE(contextOut.length, 52)
  }
  opts.writeInt32LE(run.repeat ?? 1, 60)
  const status = bpf.testRun(program, opts)
  if (status < 0) {
    throw new SensorError('BPF_MAP_FAILED', `test run of a program failed: ${errnoName(status)}`)
  }
  return { returned: opts.readInt32LE(56), duration: opts.readUInt32LE(64) }
}

function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes)
}
