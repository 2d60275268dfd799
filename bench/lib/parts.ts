import { type Profiler, Session } from 'node:inspector/promises'

/** µs between two looks at what is running. */
const INTERVAL = 500

/**
 * Runs `work` while V8 looks now and then at what runs, and returns the share of each folder of src/,
 * of the garbage collector and of what is nobody's: `rest`. What a library does is its caller's.
 */
export async function partsOf(work: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return shares(profile)
}

function shares({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile) {
  const partOf = partsByNode(nodes)
  const times = new Map<string, number>()
  let all = 0
  for (const [index, sample] of samples.entries()) {
    const part = partOf.get(sample) ?? 'rest'
    if (part === '') continue
    const time = timeDeltas[index] ?? 0
    all += time
    times.set(part, (times.get(part) ?? 0) + time)
  }
  return new Map(Array.from(times, ([part, time]) => [part, time / all]))
}

/** Of each node of the tree of calls, a caller before whom it calls; empty while nothing runs. */
function partsByNode(nodes: readonly Profiler.ProfileNode[]): ReadonlyMap<number, string> {
  const parts = new Map<number, string>()
  for (const { id, callFrame, children = [] } of nodes) {
    const part = partOf(callFrame) ?? parts.get(id) ?? 'rest'
    parts.set(id, part)
    for (const child of children) parts.set(child, part)
  }
  return parts
}

function partOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string | undefined {
  // Also what it takes to look.
  if (functionName === '(idle)' || functionName === '(program)' || url === 'node:inspector')
    return ''
  if (functionName === '(garbage collector)') return 'garbage collector'
  return /\/src\/(\w+)\//.exec(url)?.[1]
}
