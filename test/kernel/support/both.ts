import { afterAll, beforeAll, describe } from 'vitest'
import { isRoot } from '../../capture/support/root.ts'
import { hostProbe, kernelProbe, type Probe, type ProbeOptions } from './probe.ts'

/** Runs the same tests on the program in user space and, as root, on the one in the kernel. */
export function inBoth(
  title: string,
  body: (probe: () => Probe) => void,
  options: ProbeOptions = {},
): void {
  describe.each([
    ['library', hostProbe],
    ['kernel', kernelProbe],
  ] as const)(`${title}, %s`, (where, open) => {
    describe.skipIf(where === 'kernel' && !isRoot)('', () => {
      let probe: Probe | undefined
      beforeAll(() => {
        probe = open(options)
      })
      afterAll(() => probe?.[Symbol.dispose]())
      body(() => {
        if (!probe) throw new Error('the program is not loaded')
        return probe
      })
    })
  })
}

let hosts = 0

/** Two addresses that no test had before. */
export function newPair(family: 4 | 6): { src: string; dst: string } {
  const serial = ++hosts
  if (family === 6) return { src: `fd00::1:${serial.toString(16)}`, dst: 'fd00::2' }
  return { src: `10.1.${serial >> 8}.${serial & 255}`, dst: '192.0.2.1' }
}
