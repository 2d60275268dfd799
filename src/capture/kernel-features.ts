import { libbpf, takeMessages } from './libbpf.ts'

const BPF_PROG_TYPE_SCHED_CLS = 3
const BPF_FUNC_KTIME_GET_COARSE_NS = 160

/** Whether programs may call bpf_ktime_get_coarse_ns (kernel 5.11). */
export function hasCoarseClock(): boolean {
  const found = libbpf().probeHelper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_KTIME_GET_COARSE_NS, null)
  takeMessages()
  return found === 1
}
