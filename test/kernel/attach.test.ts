import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { attach, tcxPrograms } from '../../src/capture/attach.ts'
import { type Direction } from '../../src/capture/attach-error.ts'
import { type BpfObject, loadObject } from '../../src/capture/bpf-object.ts'
import { listInterfaces } from '../../src/capture/interfaces.ts'
import { programInfo } from '../../src/capture/program-info.ts'
import { type SensorError } from '../../src/errors.ts'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { isRoot } from '../capture/support/root.ts'
import { compileTiny } from '../capture/support/tiny.ts'

describe.skipIf(!isRoot)('attach', () => {
  let object: BpfObject
  let path: string
  let space: Namespace

  beforeAll(() => {
    path = compileTiny()
    object = loadObject({ path })
  })

  afterAll(() => object.close())

  beforeEach(() => {
    space = makeNamespace()
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    return () => space[Symbol.dispose]()
  })

  const target = () => {
    const found = space.inside(() => listInterfaces()).find(({ name }) => name === 'b0')
    if (found === undefined) throw new Error('b0 is missing')
    return found
  }
  const hold = (direction: Direction, mode: 'auto' | 'tcx' | 'clsact') =>
    space.inside(() => attach(target(), direction, object.program(`orthrus_l2_${direction}`), mode))
  const filters = (direction: Direction) =>
    space.run('tc', 'filter', 'show', 'dev', 'b0', direction).trim()
  const tcx = (direction: Direction) =>
    space.inside(() => tcxPrograms(target().index, direction))?.length

  test('TCX links come and go with their attachment', () => {
    const parts = [hold('ingress', 'tcx'), hold('egress', 'tcx')]
    expect(parts.map(({ mode }) => mode)).toEqual(['tcx', 'tcx'])
    expect([tcx('ingress'), tcx('egress')]).toEqual([1, 1])
    for (const part of parts) part.detach()
    for (const part of parts) part.detach()
    expect([tcx('ingress'), tcx('egress')]).toEqual([0, 0])
    expect(filters('ingress')).toBe('')
  })

  test('our TCX program stands before those that were there', () => {
    const program = object.program('foreign')
    const other = space.inside(() => attach(target(), 'ingress', program, 'tcx'))
    const ours = hold('ingress', 'tcx')
    const [first, second] = space.inside(() => tcxPrograms(target().index, 'ingress')) ?? []
    expect(first).toBe(programInfo(object.program('orthrus_l2_ingress')).id)
    expect(second).toBe(programInfo(program).id)
    other.detach()
    ours.detach()
  })

  test('auto takes TCX where the kernel has it, and then leaves no qdisc', () => {
    const part = hold('ingress', 'auto')
    expect(part.mode).toBe('tcx')
    expect(space.run('tc', 'qdisc', 'show', 'dev', 'b0')).not.toContain('clsact')
    part.detach()
  })

  test('clsact adds a direct-action filter at our handle and removes only that', () => {
    const part = hold('egress', 'clsact')
    expect(filters('egress')).toMatch(/pref 1 bpf.*handle 0x4f525448 orthrus_l2_egr.*direct-action/)
    addForeign('ingress', 'pref 7')
    addForeign('egress', 'pref 9')
    space.inside(() => part.detach())
    space.inside(() => part.detach())
    expect(filters('egress')).not.toContain('orthrus')
    expect(filters('egress')).toContain('pref 9')
    expect(filters('ingress')).toContain('pref 7')
    expect(space.run('tc', 'qdisc', 'show', 'dev', 'b0')).toContain('clsact')
  })

  test('clsact replaces what a killed run of ours left', () => {
    const leftover = hold('ingress', 'clsact')
    const before = programId('ingress')
    const other = loadObject({ path })
    const part = space.inside(() =>
      attach(target(), 'ingress', other.program('orthrus_l2_ingress'), 'clsact'),
    )
    expect(programId('ingress')).not.toBe(before)
    expect(filters('ingress').match(/0x4f525448/g)).toHaveLength(1)
    // The first run, should it live after all, must not take the second one's filter away.
    space.inside(() => leftover.detach())
    expect(filters('ingress')).toContain('orthrus')
    space.inside(() => part.detach())
    expect(filters('ingress')).toBe('')
    other.close()
  })

  test('clsact never touches a foreign filter at our handle', () => {
    space.run('tc', 'qdisc', 'add', 'dev', 'b0', 'clsact')
    addForeign('ingress', 'pref 1', 'handle 0x4f525448')
    const before = filters('ingress')
    const error = thrown(() => hold('ingress', 'clsact'))
    expect(error.code).toBe('ATTACH_FAILED')
    expect(error.message).toMatch(/tiny.bpf.o.*of another tool.*tc filter show dev b0 ingress/)
    expect(filters('ingress')).toBe(before)
  })

  test('clsact says who is in the way when preference 1 is of another kind', () => {
    space.run('tc', 'qdisc', 'add', 'dev', 'b0', 'clsact')
    const match = ['match', 'u32', '0', '0']
    space.run('tc', ...'filter add dev b0 ingress pref 1 protocol ip u32'.split(' '), ...match)
    const before = filters('ingress')
    expect(thrown(() => hold('ingress', 'clsact')).message).toContain('has preference 1')
    expect(filters('ingress')).toBe(before)
  })

  test('an interface that went away is said so', () => {
    const gone = target()
    space.ip('link', 'delete', 'b0')
    const program = object.program('orthrus_l2_ingress')
    for (const mode of ['tcx', 'clsact'] as const) {
      const error = thrown(() => space.inside(() => attach(gone, 'ingress', program, mode)))
      expect(error).toMatchObject({ code: 'ATTACH_FAILED' })
      expect(error.message).toMatch(/cannot attach to ingress of `b0`: ENODEV; .*`ip link`/)
    }
  })

  test('detaching after the interface went is fine', () => {
    const parts = [hold('ingress', 'tcx'), hold('egress', 'clsact')]
    space.ip('link', 'delete', 'b0')
    space.inside(() => {
      for (const part of parts) part.detach()
    })
  })

  function addForeign(direction: Direction, ...where: string[]): void {
    const words = ['filter', 'add', 'dev', 'b0', direction, 'protocol', 'all']
    const place = where.flatMap(word => word.split(' '))
    const program = ['bpf', 'direct-action', 'object-file', path, 'program', 'foreign']
    space.run('tc', ...words, ...place, ...program)
  }

  function programId(direction: Direction): string | undefined {
    return / id (\d+)/.exec(filters(direction))?.[1]
  }
})

function thrown(work: () => unknown): SensorError {
  try {
    work()
  } catch (error) {
    return error as SensorError
  }
  throw new Error('nothing was thrown')
}
