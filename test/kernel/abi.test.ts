import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  counterSets,
  eventClass,
  eventFlags,
  eventKind,
  flowFlags,
  historyMax,
  l7,
  layout,
  tunnel,
} from '../../src/decode/record.ts'

/** What user space believes of bpf/event.h, compared with what the C compiler made of it. */

interface Btf {
  id: number
  kind: string
  name: string
  size?: number
  type_id?: number
  nr_elems?: number
  members?: { name: string; type_id: number; bits_offset: number }[]
  values?: { name: string; val: number }[]
}

const enums = {
  event_kind: eventKind,
  event_flags: eventFlags,
  l7,
  tunnel,
  flow_flags: flowFlags,
  event_class: eventClass,
}
const structs = Object.keys(layout) as (keyof typeof layout)[]
const root = join(import.meta.dirname, '../..')
const object = join(root, 'build/sensor.bpf.o')
const folder = mkdtempSync(join(tmpdir(), 'orthrus-abi-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function dump(file: string): Map<string, Btf> & { byId: Map<number, Btf> } {
  const json = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', file], { encoding: 'utf8' })
  const { types } = JSON.parse(json) as { types: Btf[] }
  const named = types.filter(type => type.kind === 'STRUCT' || type.kind.startsWith('ENUM'))
  const byName = new Map(named.map(type => [type.name, type]))
  return Object.assign(byName, { byId: new Map(types.map(type => [type.id, type])) })
}

/** The header alone, with a pointer to each type so that the compiler keeps it. */
function compileHeader(): string {
  const pointers = [
    ...structs.map((name, index) => `struct ${name} *unused_struct${index};`),
    ...Object.keys(enums).map((name, index) => `enum ${name} *unused_enum${index};`),
  ]
  const source = join(folder, 'abi.c')
  const output = join(folder, 'abi.o')
  writeFileSync(source, `#include "${join(root, 'bpf/event.h')}"\n${pointers.join('\n')}\n`)
  const multiarch = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()
  const include = `-I/usr/include/${multiarch}`
  execFileSync('clang', ['-g', '-O2', '-target', 'bpf', include, '-c', source, '-o', output])
  return output
}

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function skipped(reason: string | undefined): boolean {
  if (reason !== undefined) process.stderr.write(`\nABI TEST SKIPPED: ${reason}\n`)
  return reason !== undefined
}

function sizeOf(type: Btf | undefined, btf: ReturnType<typeof dump>): number {
  if (type === undefined) return Number.NaN
  if (type.size !== undefined) return type.size
  const inner = sizeOf(btf.byId.get(type.type_id ?? -1), btf)
  return type.kind === 'ARRAY' ? inner * (type.nr_elems ?? 0) : inner
}

function compareStruct(name: keyof typeof layout, btf: ReturnType<typeof dump>): void {
  const type = btf.get(name)
  expect(type, `struct ${name} is not in the BTF`).toBeDefined()
  const members = type?.members ?? []
  const offsets = members.map(member => [member.name, member.bits_offset / 8])
  const ours = Object.entries(layout[name].at).map(([field, at]) => [field, at])
  const renamed = ours.map(([field, at]) => [field === 'body' ? '(anon)' : field, at])
  expect({ size: type?.size, at: offsets }).toEqual({ size: layout[name].size, at: renamed })
  // No hole: padding is explicit, so that no byte of kernel memory leaks.
  let end = 0
  for (const member of members) {
    expect(member.bits_offset / 8, `hole before ${name}.${member.name}`).toBe(end)
    end += sizeOf(btf.byId.get(member.type_id), btf)
  }
  expect(end).toBe(type?.size)
}

const noTool = has('bpftool') ? undefined : 'bpftool is missing (apt-get install bpftool)'
const noClang = has('clang') ? undefined : 'clang is missing (apt-get install clang)'
const noObject = existsSync(object) ? undefined : 'build/sensor.bpf.o is missing (make)'

describe.skipIf(skipped(noTool ?? noClang))('bpf/event.h', () => {
  const btf = noTool === undefined && noClang === undefined ? dump(compileHeader()) : undefined
  if (btf === undefined) return

  test.each(structs)('struct %s is as record.ts says', name => compareStruct(name, btf))

  test.each(Object.entries(enums))('enum %s is as record.ts says', (name, ours) => {
    const values = btf.get(name)?.values ?? []
    expect(Object.fromEntries(values.map(({ name, val }) => [name, val]))).toEqual(ours)
  })

  test('arrays are as long as record.ts says', () => {
    const length = (struct: string, field: string) => {
      const member = btf.get(struct)?.members?.find(({ name }) => name === field)
      return btf.byId.get(member?.type_id ?? -1)?.nr_elems
    }
    expect(length('event_flow', 'history')).toBe(historyMax)
    expect(length('flow', 'history')).toBe(historyMax)
    expect(length('counters', 'lost')).toBe(counterSets)
  })
})

describe.skipIf(skipped(noTool ?? noObject))('build/sensor.bpf.o', () => {
  const btf = noTool === undefined && noObject === undefined ? dump(object) : undefined
  if (btf === undefined) return
  // Map values and keys always keep their type; so does the record, by a pointer in the source.
  const needed = ['event', 'flow', 'flow_key4', 'flow_key6', 'counters'] as const
  const kept = structs.filter(name => btf.has(name))

  test.each([...new Set([...needed, ...kept])])('struct %s is as record.ts says', name =>
    compareStruct(name, btf),
  )
})
