import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { atRandom, deliver, inTwo, type Subject, subjects } from './support/delivery.ts'
import { hostProbe, kernelProbe, type Probe } from './support/probe.ts'

describe('every byte of a message reaches user space through the library', () => {
  let probe: Probe
  beforeAll(() => {
    probe = hostProbe({ flows: 1 << 14 })
  })
  afterAll(() => probe[Symbol.dispose]())

  test.each(subjects)('$name, cut in two at every byte', subject => {
    const cuts = Array.from({ length: subject.bytes.length - 1 }, (_, i) => i + 1)
    expect(faultsInTwo(probe, subject, cuts)).toEqual({})
  })

  test.each(subjects)('$name, in 3 to 12 segments at random', subject => {
    expect(faultsAtRandom(probe, subject, 1, 1000)).toEqual([])
  })
})

describe.skipIf(!isRoot)('every byte of a message reaches user space through the kernel', () => {
  let probe: Probe
  beforeAll(() => {
    probe = kernelProbe()
  })
  afterAll(() => probe[Symbol.dispose]())

  test.each(subjects)('$name, cut in two', subject => {
    const step = Math.ceil(subject.bytes.length / 100)
    const cuts = Array.from({ length: subject.bytes.length - 1 }, (_, i) => i + 1)
    // The first bytes are those that a message is known by.
    const some = cuts.filter(cut => cut < 32 || cut % step === 0)
    expect(faultsInTwo(probe, subject, some)).toEqual({})
  })

  test.each(subjects)('$name, in 3 to 12 segments at random', subject => {
    expect(faultsAtRandom(probe, subject, 5000, 100)).toEqual([])
  })
})

// Of long messages the rarer ways only at every seventh byte: it is a matter of time.
const LONG = 4096
const main = new Set(['in order', 'reordered'])

/** By variation: at which cuts it fails, and how at the first. */
function faultsInTwo(probe: Probe, subject: Subject, cuts: readonly number[]) {
  const faults = new Map<string, { cuts: number[]; fault: string }>()
  for (const cut of cuts) {
    for (const [name, delivery] of Object.entries(inTwo(subject.bytes, cut))) {
      if (subject.bytes.length > LONG && cut % 7 > 0 && !main.has(name)) continue
      const fault = deliver(probe, subject, delivery)
      if (fault === undefined) continue
      const entry = faults.get(name) ?? { cuts: [], fault: `cut at ${cut}: ${fault}` }
      entry.cuts.push(cut)
      faults.set(name, entry)
    }
  }
  return Object.fromEntries(
    [...faults].map(([name, { cuts: at, fault }]) => [name, `${at.length} cuts; ${fault}`]),
  )
}

function faultsAtRandom(probe: Probe, subject: Subject, first: number, count: number): string[] {
  const faults: string[] = []
  for (let seed = first; seed < first + count; seed++) {
    const delivery = atRandom(subject.bytes, seed)
    const fault = deliver(probe, subject, delivery)
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`)
  }
  return faults.slice(0, 5).concat(faults.length > 5 ? [`and ${faults.length - 5} more`] : [])
}
