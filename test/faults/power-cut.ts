/** What a process did to one file, and what it said meanwhile, in the order in which it happened. */
export type Step =
  | {
      readonly kind: 'write'
      readonly at: number
      readonly bytes: Buffer
      readonly synced: boolean
    }
  | { readonly kind: 'sync' }
  | { readonly kind: 'said'; readonly text: string }

const sector = 512

/** The steps in the lines of `strace -f -xx -s BIG` that concern `file`. */
export function stepsOf(trace: readonly string[], file: string): Step[] {
  const name = [...Buffer.from(file)]
    .map(byte => `\\x${byte.toString(16).padStart(2, '0')}`)
    .join('')
  const files = new Map<string, { synced: boolean; at: number }>()
  const pending = new Map<string, string>()
  const steps: Step[] = []
  for (const raw of trace) {
    const line = whole(raw, pending)
    if (line === undefined) continue
    const [, call = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? []
    if (call === 'openat' && rest.includes(`"${name}"`)) {
      const [, fd = ''] = /= (\d+)$/.exec(rest) ?? []
      files.set(fd, { synced: rest.includes('O_DSYNC'), at: 0 })
      continue
    }
    const [fd = ''] = /^\d+/.exec(rest) ?? []
    if (call === 'write' && fd === '1') steps.push({ kind: 'said', text: textsIn(rest).toString() })
    const open = files.get(fd)
    if (open !== undefined) steps.push(...stepOf(call, rest, open))
  }
  return steps
}

/** A call that was interrupted in the trace counts where it ends: until then nobody knows it done. */
function whole(line: string, pending: Map<string, string>): string | undefined {
  const [pid = ''] = /^\d+/.exec(line) ?? []
  if (line.endsWith('<unfinished ...>')) {
    pending.set(pid, line.slice(0, -'<unfinished ...>'.length).trimEnd())
    return undefined
  }
  const [, rest] = /<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? []
  return rest === undefined ? line : `${pending.get(pid) ?? ''}${rest}`
}

function stepOf(call: string, rest: string, open: { synced: boolean; at: number }): Step[] {
  const numbers = (/(\d+)\) += /.exec(rest) ?? [])[1]
  switch (call) {
    case 'lseek':
      open.at = Number(/, (\d+), SEEK_SET/.exec(rest)?.[1] ?? open.at)
      return []
    case 'fdatasync':
    case 'fsync':
      return / = 0$/.test(rest) ? [{ kind: 'sync' }] : []
    case 'pwrite64':
      return [{ kind: 'write', at: Number(numbers), bytes: textsIn(rest), synced: open.synced }]
    case 'writev': {
      const bytes = textsIn(rest)
      const step = { kind: 'write', at: open.at, bytes, synced: open.synced } as const
      open.at += bytes.length
      return [step]
    }
    default:
      return []
  }
}

/** All texts of a line, one behind the other. */
function textsIn(line: string): Buffer {
  const texts = [...line.matchAll(/"((?:\\x[\da-f]{2})*)"/g)].map(([, hex = '']) => hex)
  return Buffer.from(texts.join('').replaceAll('\\x', ''), 'hex')
}

/**
 * The file as a disk may hold it when the power goes after the first `count` steps: what was synced
 * is there, and of what was written since each sector is there or not, at random.
 */
export function imageAt(
  steps: readonly Step[],
  count: number,
  { random, believesSync = true }: { random: () => number; believesSync?: boolean },
): Buffer {
  let image = Buffer.alloc(0)
  let loose: { at: number; bytes: Buffer }[] = []
  const put = ({ at, bytes }: { at: number; bytes: Buffer }) => {
    if (image.length < at + bytes.length) {
      image = Buffer.concat([image, Buffer.alloc(at + bytes.length - image.length)])
    }
    bytes.copy(image, at)
  }
  for (const step of steps.slice(0, count)) {
    if (step.kind === 'write') {
      if (step.synced && believesSync) put(step)
      else loose.push(step)
    } else if (step.kind === 'sync' && believesSync) {
      for (const one of loose) put(one)
      loose = []
    }
  }
  for (const one of loose) for (const part of sectors(one)) if (random() < 0.5) put(part)
  return image
}

function* sectors({ at, bytes }: { at: number; bytes: Buffer }) {
  for (let from = 0; from < bytes.length; ) {
    const length = Math.min(bytes.length - from, sector - ((at + from) % sector))
    yield { at: at + from, bytes: bytes.subarray(from, from + length) }
    from += length
  }
}
