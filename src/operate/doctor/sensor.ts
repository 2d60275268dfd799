import { accessSync, constants } from 'node:fs'
import { tcxPrograms } from '../../capture/attach.ts'
import { loadObject, sensorObject } from '../../capture/bpf-object.ts'
import { libbpf } from '../../capture/libbpf.ts'
import { type CaptureOptions } from '../../capture/options.ts'
import { missingPrivileges } from '../../capture/privileges.ts'
import { ringSize } from '../../capture/settings.ts'
import { SensorError } from '../../errors.ts'
import { type Check, fail, ok, warn } from './check.ts'

const LOOPBACK = 1

/** Privileges, libbpf, the built object, whether the kernel takes it, and how it is attached. */
export function checkSensor(capture: CaptureOptions, object = sensorObject): Check[] {
  const checks = [checkPrivileges(), checkLibbpf(), checkObject(object)]
  if (checks.some(({ state }) => state === 'fail')) return checks
  return [...checks, checkLoad(capture, object), checkTc(capture)]
}

function checkPrivileges(): Check {
  const missing = missingPrivileges()
  if (missing === undefined) {
    return ok('privileges', 'CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF are held')
  }
  const [message = '', ...fix] = missing.split(': ')
  return fail('privileges', message, fix.join(': '))
}

function checkLibbpf(): Check {
  try {
    return ok('libbpf', `${libbpf().version()}, v1.0 or newer is needed`)
  } catch (error) {
    return fromError('libbpf', error)
  }
}

function checkObject(path: string): Check {
  try {
    accessSync(path, constants.R_OK)
    return ok('object', `\`${path}\` is built`)
  } catch {
    return fail('object', `\`${path}\` cannot be read`, 'make')
  }
}

/** The only true answer: the verifier's. Nothing is attached. */
function checkLoad(capture: CaptureOptions, path: string): Check {
  const begun = performance.now()
  try {
    const entries = capture.flow_table
    const maxEntries = { events: ringSize(capture), flows4: entries, flows6: entries }
    loadObject({ path, maxEntries }).close()
    return ok('load', `the kernel takes it, in ${Math.round(performance.now() - begun)} ms`)
  } catch (error) {
    return fromError('load', error)
  }
}

function checkTc({ attach }: CaptureOptions): Check {
  const hasTcx = tcxPrograms(LOOPBACK, 'ingress') !== undefined
  if (hasTcx && attach !== 'clsact') return ok('tc', 'TCX links: a crash leaves nothing behind')
  if (attach === 'tcx') {
    const message = 'the kernel has no TCX (6.6), and `capture.attach` is tcx'
    return fail('tc', message, 'set `capture.attach: auto`')
  }
  const why = hasTcx ? '`capture.attach` says so' : 'TCX needs kernel 6.6'
  const message = `clsact filters, because ${why}; after a crash the next start cleans up`
  return hasTcx ? warn('tc', message, 'set `capture.attach: auto`') : ok('tc', message)
}

/** Our errors read `what; fix`. */
function fromError(name: string, error: unknown): Check {
  if (!(error instanceof SensorError)) throw error
  const [message = '', ...fix] = error.message.split('; ')
  return fail(name, message, fix.join('; '))
}
