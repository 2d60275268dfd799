import { promisify } from 'node:util'
import koffi, { type LibraryHandle } from 'koffi'
import { SensorError } from '../errors.ts'
import { libc, type Pointer } from './libc.ts'

export type Libbpf = ReturnType<typeof declare>

const names = ['libbpf.so.1', 'libbpf.so']
const LEVEL_WARN = 0
const MESSAGE_MAX = 16 << 20 // the kernel's own limit for a verifier log

let loaded: Libbpf | undefined
let printer: bigint | undefined
let messages: string[] = []
let text: Buffer | undefined

/** The system's libbpf, loaded on first use; throws LIBBPF_MISSING with the package to install. */
export function libbpf(): Libbpf {
  loaded ??= declare(find())
  return loaded
}

/** What libbpf warned of since the last call (the verifier's log included), oldest first. */
export function takeMessages(): string[] {
  const taken = messages
  messages = []
  text = undefined
  return taken
}

let silent = 0

/**
 * Has libbpf keep its words to itself while `work` runs in another thread: each of them, and there
 * are thousands that nobody wants, would wait there for this one.
 */
export async function silently<T>(work: () => Promise<T>): Promise<T> {
  if (silent++ === 0) libbpf().setPrint(null)
  try {
    return await work()
  } finally {
    if (--silent === 0 && printer !== undefined) libbpf().setPrint(printer)
  }
}

function find(): LibraryHandle {
  let cause: unknown
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch (error) {
      cause ??= error
    }
  }
  throw new SensorError(
    'LIBBPF_MISSING',
    'cannot load `libbpf.so.1`: the library is not installed; `apt install libbpf1`',
    { cause },
  )
}

/** The only declarations of libbpf: API of 1.0, so Debian 12's 1.1 and everything newer has it. */
function declare(lib: LibraryHandle) {
  const api = {
    ...declareObject(lib),
    ...declareMaps(lib),
    ...declareElements(lib),
    ...declarePrograms(lib),
    ...declareHooks(lib),
  }
  // libbpf prints to stderr by itself; we keep the warnings for the error message instead.
  printer ??= koffi.register(keep, koffi.pointer(koffi.proto('int (int, void *, void *)')))
  api.setPrint(printer)
  return api
}

function declareObject(lib: LibraryHandle) {
  type Of<R> = (object: bigint) => R
  const load = lib.func('int bpf_object__load(void *object)')
  return {
    version: lib.func('const char *libbpf_version_string()') as () => string,
    setPrint: lib.func('void *libbpf_set_print(void *fn)') as (fn: bigint | null) => void,
    possibleCpus: lib.func('int libbpf_num_possible_cpus()') as () => number,
    probeHelper: lib.func(
      'int libbpf_probe_bpf_helper(int type, int helper, const void *opts)',
    ) as (type: number, helper: number, opts: null) => number,
    openFile: lib.func('void *bpf_object__open_file(const char *path, const void *opts)') as (
      path: string,
      opts: null,
    ) => bigint | null,
    load: load as Of<number>,
    loadAside: promisify(load.async) as Of<Promise<number>>,
    close: lib.func('void bpf_object__close(void *object)') as Of<void>,
    objectBtf: lib.func('void *bpf_object__btf(const void *object)') as Of<bigint | null>,
    btfFind: lib.func(
      'int32_t btf__find_by_name_kind(const void *btf, const char *name, uint32_t kind)',
    ) as (btf: bigint, name: string, kind: number) => number,
    btfType: lib.func('const void *btf__type_by_id(const void *btf, uint32_t id)') as (
      btf: bigint,
      id: number,
    ) => bigint | null,
    btfName: lib.func('const char *btf__name_by_offset(const void *btf, uint32_t offset)') as (
      btf: bigint,
      offset: number,
    ) => string | null,
  }
}

function declareMaps(lib: LibraryHandle) {
  type Of<R> = (map: bigint) => R
  return {
    findMap: lib.func(
      'void *bpf_object__find_map_by_name(const void *object, const char *name)',
    ) as (object: bigint, name: string) => bigint | null,
    nextMap: lib.func('void *bpf_object__next_map(const void *object, const void *last)') as (
      object: bigint,
      last: bigint | null,
    ) => bigint | null,
    mapName: lib.func('const char *bpf_map__name(const void *map)') as Of<string>,
    isInternal: lib.func('bool bpf_map__is_internal(const void *map)') as Of<boolean>,
    reuseFd: lib.func('int bpf_map__reuse_fd(void *map, int fd)') as (
      map: bigint,
      fd: number,
    ) => number,
    mapFd: lib.func('int bpf_map__fd(const void *map)') as Of<number>,
    mapKeySize: lib.func('uint32_t bpf_map__key_size(const void *map)') as Of<number>,
    mapValueSize: lib.func('uint32_t bpf_map__value_size(const void *map)') as Of<number>,
    mapMaxEntries: lib.func('uint32_t bpf_map__max_entries(const void *map)') as Of<number>,
    setMaxEntries: lib.func('int bpf_map__set_max_entries(void *map, uint32_t entries)') as (
      map: bigint,
      entries: number,
    ) => number,
    initialValue: lib.func('void *bpf_map__initial_value(void *map, _Out_ size_t *size)') as (
      map: bigint,
      size: [number],
    ) => bigint | null,
    setInitialValue: lib.func(
      'int bpf_map__set_initial_value(void *map, const void *data, size_t size)',
    ) as (map: bigint, data: Pointer, size: number) => number,
  }
}

function declareElements(lib: LibraryHandle) {
  return {
    lookup: lib.func('int bpf_map_lookup_elem(int fd, const void *key, void *value)') as (
      fd: number,
      key: Pointer,
      value: Pointer,
    ) => number,
    update: lib.func(
      'int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)',
    ) as (fd: number, key: Pointer, value: Pointer, flags: number) => number,
    remove: lib.func('int bpf_map_delete_elem(int fd, const void *key)') as (
      fd: number,
      key: Pointer,
    ) => number,
    take: lib.func('int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value)') as (
      fd: number,
      key: Pointer,
      value: Pointer,
    ) => number,
    lookupBatch: lib.func(
      'int bpf_map_lookup_batch(int fd, void *from, void *next, void *keys, void *values, void *count, const void *opts)',
    ) as (
      fd: number,
      from: Pointer,
      next: Pointer,
      keys: Pointer,
      values: Pointer,
      count: Uint32Array,
      opts: null,
    ) => number,
    deleteBatch: lib.func(
      'int bpf_map_delete_batch(int fd, const void *keys, void *count, const void *opts)',
    ) as (fd: number, keys: Pointer, count: Uint32Array, opts: null) => number,
  }
}

function declarePrograms(lib: LibraryHandle) {
  return {
    findProgram: lib.func(
      'void *bpf_object__find_program_by_name(const void *object, const char *name)',
    ) as (object: bigint, name: string) => bigint | null,
    nextProgram: lib.func('void *bpf_object__next_program(const void *object, void *last)') as (
      object: bigint,
      last: bigint | null,
    ) => bigint | null,
    programName: lib.func('const char *bpf_program__name(const void *program)') as (
      program: bigint,
    ) => string,
    programFd: lib.func('int bpf_program__fd(const void *program)') as (program: bigint) => number,
    setAutoload: lib.func('int bpf_program__set_autoload(void *program, bool autoload)') as (
      program: bigint,
      autoload: boolean,
    ) => number,
    testRun: lib.func('int bpf_prog_test_run_opts(int fd, void *opts)') as (
      fd: number,
      opts: Buffer,
    ) => number,
    objectInfo: lib.func('int bpf_obj_get_info_by_fd(int fd, void *info, void *length)') as (
      fd: number,
      info: Pointer,
      length: Uint32Array,
    ) => number,
  }
}

function declareHooks(lib: LibraryHandle) {
  type Hook = (hook: Buffer, opts: Buffer) => number
  return {
    linkCreate: lib.func(
      'int bpf_link_create(int program, int target, int type, const void *opts)',
    ) as (program: number, target: number, type: number, opts: Buffer) => number,
    progQuery: lib.func(
      'int bpf_prog_query(int target, int type, uint32_t flags, void *attach, void *ids, void *count)',
    ) as (
      target: number,
      type: number,
      flags: number,
      attach: null,
      ids: Uint32Array,
      count: Uint32Array,
    ) => number,
    tcHookCreate: lib.func('int bpf_tc_hook_create(void *hook)') as (hook: Buffer) => number,
    tcAttach: lib.func('int bpf_tc_attach(const void *hook, void *opts)') as Hook,
    tcDetach: lib.func('int bpf_tc_detach(const void *hook, const void *opts)') as Hook,
    tcQuery: lib.func('int bpf_tc_query(const void *hook, void *opts)') as Hook,
  }
}

/** libbpf_print_fn_t; a va_list argument is a pointer on every 64-bit ABI that Node runs on. */
function keep(level: number, format: bigint, args: bigint): number {
  if (level !== LEVEL_WARN) return 0
  text ??= Buffer.allocUnsafe(MESSAGE_MAX)
  const length = Math.min(libc.vsnprintf(text, text.length, format, args), text.length - 1)
  if (length > 0) messages.push(text.toString('utf8', 0, length))
  // Nobody may ever ask: keep the newest, a verifier log is one message.
  if (messages.length > 200) messages.splice(0, 100)
  return 0
}
