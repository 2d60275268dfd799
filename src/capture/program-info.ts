import { SensorError } from '../errors.ts'
import { libbpf } from './libbpf.ts'
import { errnoName } from './libc.ts'

export interface ProgramInfo {
  readonly id: number
  /** As the kernel keeps it: at most 15 characters. */
  readonly name: string
  /** Times run and ns spent, while `kernel.bpf_stats_enabled` is 1. */
  readonly runs: number
  readonly runTime: number
}

// struct bpf_prog_info: u32 type, u32 id at 4, char name[16] at 64, u64 run_time_ns and run_cnt at 192
const SIZE = 232

/** What the kernel knows of a loaded program (bpf_obj_get_info_by_fd). */
export function programInfo(program: number): ProgramInfo {
  const info = Buffer.alloc(SIZE)
  const status = libbpf().objectInfo(program, info, Uint32Array.of(SIZE))
  if (status < 0) {
    throw new SensorError('BPF_MAP_FAILED', `cannot ask about a program: ${errnoName(status)}`)
  }
  const name = info.subarray(64, 80)
  const end = name.indexOf(0)
  return {
    id: info.readUInt32LE(4),
    name: name.toString('latin1', 0, end < 0 ? name.length : end),
    runTime: Number(info.readBigUInt64LE(192)),
    runs: Number(info.readBigUInt64LE(200)),
  }
}
