import { type CaptureOptions } from '../capture/options.ts'
import { type Check } from './doctor/check.ts'
import { checkInterfaces } from './doctor/interfaces.ts'
import { checkKernel } from './doctor/kernel.ts'
import { checkMachine } from './doctor/machine.ts'
import { checkSensor } from './doctor/sensor.ts'
import { printable } from './log.ts'

export { missingPrivileges } from '../capture/privileges.ts'
export type { Check } from './doctor/check.ts'

export interface DoctorOptions {
  readonly capture: CaptureOptions
  /** The state directory. */
  readonly directory: string
  /** The BPF object, when it is not the one of this checkout or package. */
  readonly object?: string
}

/** Looks at all that live capture needs. Loads the programs to be sure, attaches nothing. */
export function examine({ capture, directory, object }: DoctorOptions): Check[] {
  return [
    ...checkKernel(),
    ...checkSensor(capture, object),
    ...checkInterfaces(capture.interfaces),
    ...checkMachine(directory),
  ]
}

/** True when nothing stands in the way of `orthrus run`. */
export function isHealthy(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== 'fail')
}

/** For people: a line each, the command that mends it below, a sentence at the end. */
export function doctorText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.flatMap(({ name, state, message, fix }) => [
    ...`${state.padEnd(4)}  ${name.padEnd(width)}  ${message}`.split('\n'),
    ...(fix ?? '')
      .split('\n')
      .flatMap(line => (line === '' ? [] : [`${' '.repeat(width + 8)}→ ${line}`])),
  ])
  return `${[...lines, '', verdict(checks)].map(printable).join('\n')}\n`
}

/** For machines: one object. */
export function doctorJson(checks: readonly Check[]): string {
  return `${JSON.stringify({ healthy: isHealthy(checks), checks })}\n`
}

function verdict(checks: readonly Check[]): string {
  const failed = checks.filter(({ state }) => state === 'fail').length
  const warned = checks.filter(({ state }) => state === 'warn').length
  if (failed > 0) return `${failed} of ${checks.length} checks failed: \`orthrus run\` cannot work`
  if (warned > 0) return `ready, with ${warned} ${warned === 1 ? 'warning' : 'warnings'}`
  return 'ready'
}
