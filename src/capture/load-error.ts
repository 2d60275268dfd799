import { SensorError } from '../errors.ts'
import { errnoName } from './libc.ts'
import { missingPrivileges } from './privileges.ts'

const TAIL_LINES = 12

const advice: Record<string, string> = {
  EPERM:
    'the kernel refuses: run as root, or `sysctl kernel.lockdown`, a seccomp filter or a user namespace is in the way; `orthrus doctor` says more',
  EACCES: 'the verifier refused the program; the end of its log follows',
  EINVAL: 'this kernel does not take the program: 5.10 or newer is needed; `orthrus doctor`',
  E2BIG:
    'the program is too large for this kernel, or a map is larger than it allows; make `capture.flow_table` smaller',
  ENOMEM:
    'not enough memory for the maps; make `capture.flow_table` or `capture.ring_buffer` smaller',
  ENOSYS: 'this kernel has no bpf(2); a kernel of 5.10 or newer with CONFIG_BPF_SYSCALL is needed',
  ENOENT: 'the file is not a BPF object with programs; `make` builds it',
}

/** What loading a BPF object failed of: errno's name, what to do, the end of libbpf's own words. */
export function loadError(
  step: string,
  path: string,
  status: number,
  messages: readonly string[],
): SensorError {
  const name = errnoName(status)
  const privileges = name === 'EPERM' || name === 'EACCES' ? missingPrivileges() : undefined
  if (privileges !== undefined) return new SensorError('PRIVILEGES_MISSING', privileges)
  const what = `cannot ${step} \`${path}\`: ${name}`
  const fix = advice[name] ?? '`orthrus doctor` says what this kernel can do'
  return new SensorError('BPF_LOAD_FAILED', `${what}; ${fix}${logTail(messages)}`, {
    cause: new Error(messages.join('')),
  })
}

/** The last lines say why the verifier stopped; a full log has megabytes. */
function logTail(messages: readonly string[]): string {
  const lines = messages
    .join('')
    .split('\n')
    .filter(line => line.trim() !== '')
  if (lines.length === 0) return ''
  return `\n${lines
    .slice(-TAIL_LINES)
    .map(line => `  ${line}`)
    .join('\n')}`
}
