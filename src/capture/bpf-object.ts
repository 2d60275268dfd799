import { existsSync } from 'node:fs'
import koffi from 'koffi'
import { SensorError } from '../errors.ts'
import { installed } from '../installation.ts'
import { BpfMap } from './bpf-map.ts'
import { type Libbpf, libbpf, silently, takeMessages } from './libbpf.ts'
import { errno } from './libc.ts'
import { loadError } from './load-error.ts'

export interface ObjectOptions {
  /** The compiled object file; `build/sensor.bpf.o` of this checkout or package by default. */
  readonly path?: string
  /** Bytes of `const volatile struct settings settings` in the object's .rodata. */
  readonly settings?: Uint8Array
  /** Entries (bytes for a ring buffer) by map name, instead of what the object says. */
  readonly maxEntries?: Readonly<Record<string, number>>
  /** The programs to load; all by default. */
  readonly programs?: readonly string[]
  /** Take the maps of this object instead of making new ones; `maxEntries` is then theirs. */
  readonly mapsOf?: BpfObject
}

/** A loaded object. `close` frees its maps and programs unless something in the kernel holds them. */
export interface BpfObject {
  readonly path: string
  /** File descriptor of a loaded program. */
  program(name: string): number
  map(name: string): BpfMap
  close(): void
}

/** What the build has made of `bpf/`. */
export const sensorObject = installed('build/sensor.bpf.o')

/**
 * Opens, configures and loads a BPF object. Throws NOT_BUILT, LIBBPF_MISSING, PRIVILEGES_MISSING or
 * BPF_LOAD_FAILED; the last with errno's name, the end of the verifier's log, and what to do.
 */
export function loadObject(options: ObjectOptions = {}): BpfObject {
  const opened = openObject(options)
  return finish(opened, opened.bpf.load(opened.handle))
}

/** As `loadObject`, while the verifier works in a thread of its own. */
export async function loadObjectAside(options: ObjectOptions = {}): Promise<BpfObject> {
  const { bpf, handle, path } = openObject(options)
  const status = await silently(() => bpf.loadAside(handle))
  if (status >= 0) return loadedObject(bpf, handle, path)
  bpf.close(handle)
  return loadObject(options) // once more, for its words
}

interface OpenedObject {
  readonly bpf: Libbpf
  readonly handle: bigint
  readonly path: string
}

function openObject(options: ObjectOptions): OpenedObject {
  const path = options.path ?? sensorObject
  if (!existsSync(path)) {
    throw new SensorError(
      'NOT_BUILT',
      `cannot find \`${path}\`: the BPF object is not built; \`make\``,
    )
  }
  const bpf = libbpf()
  takeMessages()
  const handle = bpf.openFile(path, null)
  if (handle === null) throw loadError('open', path, errno(), takeMessages())
  try {
    configure(bpf, handle, options)
  } catch (error) {
    bpf.close(handle)
    throw error
  }
  return { bpf, handle, path }
}

function finish({ bpf, handle, path }: OpenedObject, status: number): BpfObject {
  if (status >= 0) return loadedObject(bpf, handle, path)
  bpf.close(handle)
  throw loadError('load', path, status, takeMessages())
}

function configure(bpf: Libbpf, handle: bigint, options: ObjectOptions): void {
  for (const [name, entries] of Object.entries(options.maxEntries ?? {})) {
    const status = bpf.setMaxEntries(findMap(bpf, handle, name), entries)
    if (status < 0) throw loadError(`size map ${name} of`, options.path ?? sensorObject, status, [])
  }
  if (options.mapsOf !== undefined) shareMaps(bpf, handle, options.mapsOf)
  if (options.programs !== undefined) keepPrograms(bpf, handle, options.programs)
  if (options.settings !== undefined) writeSettings(bpf, handle, options.settings)
}

function shareMaps(bpf: Libbpf, handle: bigint, { map: find, path }: BpfObject): void {
  for (let map = bpf.nextMap(handle, null); map !== null; map = bpf.nextMap(handle, map)) {
    if (bpf.isInternal(map)) continue // .rodata belongs to its own programs
    const name = bpf.mapName(map)
    const status = bpf.reuseFd(map, find(name).fd)
    if (status < 0) throw loadError(`share map ${name} of`, path, status, takeMessages())
  }
}

function keepPrograms(bpf: Libbpf, handle: bigint, wanted: readonly string[]): void {
  for (const name of wanted) findProgram(bpf, handle, name)
  let program = bpf.nextProgram(handle, null)
  while (program !== null) {
    bpf.setAutoload(program, wanted.includes(bpf.programName(program)))
    program = bpf.nextProgram(handle, program)
  }
}

function writeSettings(bpf: Libbpf, handle: bigint, settings: Uint8Array): void {
  const map = findMap(bpf, handle, '.rodata')
  const size: [number] = [0]
  const address = bpf.initialValue(map, size)
  const place = settingsPlace(bpf, handle)
  if (address === null || place === undefined || place.size !== settings.length) {
    const found = place === undefined ? 'none' : `${place.size} bytes`
    throw new SensorError(
      'BPF_LOAD_FAILED',
      `cannot configure the BPF object: settings are ${settings.length} bytes, it has ${found}; build both from the same source with \`make\``,
    )
  }
  const rodata = new Uint8Array(koffi.view(address, Number(size[0]))).slice()
  rodata.set(settings, place.offset)
  const status = bpf.setInitialValue(map, rodata, rodata.length)
  if (status < 0) throw loadError('configure', 'settings', status, takeMessages())
}

const BTF_KIND_DATASEC = 15
const BTF_TYPE_SIZE = 12 // struct btf_type, and struct btf_var_secinfo behind it

/** Where the variable `settings` lies in .rodata, by the object's own type information. */
function settingsPlace(bpf: Libbpf, handle: bigint): { offset: number; size: number } | undefined {
  const btf = bpf.objectBtf(handle)
  if (btf === null) return undefined
  const section = bpf.btfFind(btf, '.rodata', BTF_KIND_DATASEC)
  const address = section < 0 ? null : bpf.btfType(btf, section)
  if (address === null) return undefined
  const count = new DataView(koffi.view(address, BTF_TYPE_SIZE)).getUint16(4, true)
  const view = new DataView(koffi.view(address, BTF_TYPE_SIZE * (count + 1)))
  for (let at = BTF_TYPE_SIZE; at < view.byteLength; at += BTF_TYPE_SIZE) {
    const variable = bpf.btfType(btf, view.getUint32(at, true))
    if (variable === null) continue
    const name = new DataView(koffi.view(variable, BTF_TYPE_SIZE)).getUint32(0, true)
    if (bpf.btfName(btf, name) !== 'settings') continue
    return { offset: view.getUint32(at + 4, true), size: view.getUint32(at + 8, true) }
  }
  return undefined
}

function loadedObject(bpf: Libbpf, handle: bigint, path: string): BpfObject {
  let open = true
  return {
    path,
    program: name => bpf.programFd(findProgram(bpf, handle, name)),
    map(name) {
      const map = findMap(bpf, handle, name)
      return new BpfMap({
        name,
        fd: bpf.mapFd(map),
        keySize: bpf.mapKeySize(map),
        valueSize: bpf.mapValueSize(map),
        maxEntries: bpf.mapMaxEntries(map),
      })
    },
    close() {
      if (open) bpf.close(handle)
      open = false
    },
  }
}

function findMap(bpf: Libbpf, handle: bigint, name: string): bigint {
  return bpf.findMap(handle, name) ?? missing('map', name)
}

function findProgram(bpf: Libbpf, handle: bigint, name: string): bigint {
  return bpf.findProgram(handle, name) ?? missing('program', name)
}

function missing(what: string, name: string): never {
  throw new SensorError(
    'BPF_LOAD_FAILED',
    `the BPF object has no ${what} \`${name}\`; build it from this source with \`make\``,
  )
}
