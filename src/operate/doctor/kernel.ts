import { accessSync, constants, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { type Check, fail, ok, warn } from './check.ts'

const LEAST: Version = [5, 10]
const CGROUP_ACCOUNTED: Version = [5, 11]

type Version = readonly [major: number, minor: number]

/** The kernel's version, its type information, its JIT, and on old ones the limit of locked memory. */
export function checkKernel(version = release()): Check[] {
  return [checkVersion(version), checkBtf(), checkJit(), ...checkMemlock(version)]
}

function checkVersion(version: string): Check {
  if (isAtLeast(version, LEAST)) return ok('kernel', `${version}, 5.10 or newer is needed`)
  const fix = 'apt install linux-image-amd64, then reboot'
  return fail('kernel', `${version} is too old: 5.10 or newer is needed`, fix)
}

/** `6.1.0-13-amd64` against major and minor. */
function isAtLeast(version: string, [major, minor]: Version): boolean {
  const [have = 0, haveMinor = 0] = version.split('.').map(part => Number.parseInt(part, 10))
  return have > major || (have === major && haveMinor >= minor)
}

function checkBtf(): Check {
  const path = '/sys/kernel/btf/vmlinux'
  try {
    accessSync(path, constants.R_OK)
    return ok('btf', `\`${path}\` is readable`)
  } catch {
    const message = `\`${path}\` is not readable; only tools such as bpftool miss it`
    return warn('btf', message, 'run a kernel with CONFIG_DEBUG_INFO_BTF=y')
  }
}

function checkJit(): Check {
  const setting = readNumber('/proc/sys/net/core/bpf_jit_enable')
  if (setting !== 0) return ok('jit', 'programs are compiled, not interpreted')
  const message = 'the BPF JIT is off: every packet costs several times as much'
  return warn('jit', message, 'sysctl net.core.bpf_jit_enable=1')
}

/** Before 5.11 maps count against RLIMIT_MEMLOCK, which root and CAP_SYS_RESOURCE can raise. */
function checkMemlock(version: string): Check[] {
  if (isAtLeast(version, CGROUP_ACCOUNTED)) {
    return [ok('memlock', 'maps are charged to the cgroup; no limit to raise')]
  }
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const limit = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1]
  if (limit === 'unlimited' || process.getuid?.() === 0) {
    return [ok('memlock', `locked memory: ${limit}, raised when needed`)]
  }
  const message = `only ${limit} bytes may be locked, the maps need about 100 MB`
  return [fail('memlock', message, 'ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit')]
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return undefined // hidden from other users on some systems
  }
}
