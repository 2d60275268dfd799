import { readFileSync } from 'node:fs'

/** The capabilities that live capture needs, by their bit in /proc/PID/status (capability.h). */
const needed = { CAP_NET_ADMIN: 12, CAP_PERFMON: 38, CAP_BPF: 39 } as const

export type Capability = keyof typeof needed

/** Those of CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF that this process has not (effective set). */
export function missingCapabilities(
  status = readFileSync('/proc/self/status', 'utf8'),
): Capability[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const names = Object.keys(needed) as Capability[]
  return names.filter(name => ((effective >> BigInt(needed[name])) & 1n) === 0n)
}

/** The words for missing privileges, the same in `run` and `doctor`; undefined when none is missing. */
export function missingPrivileges(status?: string): string | undefined {
  const missing = missingCapabilities(status)
  if (missing.length === 0) return undefined
  const list =
    missing.length === 1 ? missing[0] : `${missing.slice(0, -1).join(', ')} and ${missing.at(-1)}`
  return `live capture needs ${list}: run as root, or as a user with ${privilegedCommand()}`
}

/** The shortest way to start this program as the current user with just what it needs. */
function privilegedCommand(): string {
  const caps = '+net_admin,+perfmon,+bpf'
  return `\`sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps ${caps} --ambient-caps ${caps} orthrus run\``
}
