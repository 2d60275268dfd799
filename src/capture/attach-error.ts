import { SensorError } from '../errors.ts'
import { takeMessages } from './libbpf.ts'
import { errnoName } from './libc.ts'
import { missingPrivileges } from './privileges.ts'

export type Direction = 'ingress' | 'egress'

export interface Target {
  readonly name: string
  readonly index: number
}

/** Whether attaching failed for the caller's rights, the interface's absence, or something else. */
export function attachError(
  target: Target,
  direction: Direction,
  status: number,
  fix = '',
): SensorError {
  const name = errnoName(status)
  const privileges = name === 'EPERM' ? missingPrivileges() : undefined
  if (privileges !== undefined) return new SensorError('PRIVILEGES_MISSING', privileges)
  const cause = takeMessages().join('').trim()
  const reason = advice[name] ?? '`orthrus doctor` says what this kernel can do'
  const help = fix === '' ? reason : fix
  return new SensorError(
    'ATTACH_FAILED',
    `cannot attach to ${direction} of \`${target.name}\`: ${name}; ${help}`,
    cause === '' ? {} : { cause: new Error(cause) },
  )
}

const advice: Record<string, string> = {
  ENODEV: 'the interface went away; `ip link` lists what there is',
  ENOENT: 'the interface went away; `ip link` lists what there is',
  EPERM: 'the kernel refuses; `orthrus doctor`',
  EBUSY: 'another program holds the hook; `bpftool net` shows it',
  ERANGE: 'too many programs are attached there; `bpftool net` shows them',
  EOPNOTSUPP: 'the kernel lacks CONFIG_NET_CLS_BPF or CONFIG_NET_SCH_INGRESS',
}
