import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fields } from '../../src/alerts/ecs/document.ts'
import { type DocumentedEvent, eventDocument } from '../../src/alerts/ecs.ts'
import { type SourceCounters } from '../../src/capture/counters.ts'
import { openLive } from '../../src/capture/live.ts'
import { openReplay } from '../../src/capture/replay.ts'
import { type RecordHandler, type Source } from '../../src/capture/source.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { eventHandler } from '../../src/pipeline/events.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { capture } from '../capture/support/options.ts'
import { isRoot } from '../capture/support/root.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { until } from '../kernel/support/wire.ts'
import { wholeNetwork } from './support/network.ts'

const execute = promisify(execFile)

/** ns between packets: slow enough to be sent on time, and over before anything falls silent. */
const STEP = 500_000n

/** MiB that hold everything, so that nothing is shed however late this process wakes up. */
const RING = 4

const datasets = ['arp', 'dhcp', 'dns', 'flow', 'http', 'icmp', 'ndp', 'quic', 'ssh', 'tls'].map(
  kind => `orthrus.${kind}`,
)

describe.skipIf(!isRoot)('the same capture, live and by replay', () => {
  const frames = wholeNetwork()
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-same-'))
  const file = join(directory, 'capture.pcap')

  beforeAll(() => writeFileSync(file, pcap(captured(frames, undefined, STEP))))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('gives the same events and counts, time aside', async () => {
    const replayed = await replay(file)
    const seen = await live(file, frames.length)
    const [now, then] = [seen.documents.map(timeless), replayed.documents.map(timeless)]
    expect(new Set(replayed.documents.map(dataset))).toEqual(new Set(datasets))
    expect({ onlyLive: without(now, then), onlyReplayed: without(then, now) }).toEqual({
      onlyLive: [],
      onlyReplayed: [],
    })
    expect(seen.counters).toEqual({ ...replayed.counters, ringSize: RING << 20 })
    expect(seen.counters.kernel.packets).toBe(frames.length)
  })
})

interface Outcome {
  readonly documents: Fields[]
  readonly counters: SourceCounters
}

function replay(file: string): Promise<Outcome> {
  const source = openReplay({ capture: capture(), files: [file] })
  return outcome(source, handler => source.run(handler))
}

/** Watches one end of a veth while the capture is sent into the other; nothing else is on it. */
async function live(file: string, packets: number): Promise<Outcome> {
  using home = makeNamespace('orQh')
  using peer = makeNamespace('orQp')
  connect(home, peer)
  const leave = home.enter()
  try {
    const attached = { yet: false }
    const source = openLive(
      { capture: capture({ interfaces: ['w0'], ring_buffer: RING }) },
      { attached: () => Object.assign(attached, { yet: true }) },
    )
    return await outcome(source, async handler => {
      const run = source.run(handler)
      await until(() => attached.yet)
      await execute('ip', ['netns', 'exec', peer.name, 'tcpreplay', '-q', '-i', 'p0', file])
      await until(() => source.counters().kernel.packets >= packets)
      await source.stop()
      await run
    })
  } finally {
    leave()
  }
}

/** A veth without addresses, so that neither kernel has anything to say on it. */
function connect(home: Namespace, peer: Namespace): void {
  home.ip('link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'p0', 'netns', peer.name)
  for (const [space, device] of [[home, 'w0'] as const, [peer, 'p0'] as const]) {
    space.ip('link', 'set', device, 'addrgenmode', 'none', 'arp', 'off')
    space.ip('link', 'set', device, 'up')
  }
}

/** The documents of everything that a source delivers while `run` lasts. */
async function outcome(
  source: Source,
  run: (handler: RecordHandler) => Promise<void>,
): Promise<Outcome> {
  const documents: Fields[] = []
  const home = homeOf(['10.0.0.0/8', 'fd00::/8'])
  const context = {
    interfaceName: () => 'wire',
    direction: home.direction,
    protocolName: (flow: Parameters<Protocols['nameOf']>[0]) => protocols.nameOf(flow),
  }
  const keep = (event: DocumentedEvent) => documents.push(eventDocument(event, context))
  const protocols = new Protocols(keep)
  await run(
    eventHandler(source.clock, event => {
      protocols.take(event)
      if (event.kind !== 'message' && event.kind !== 'fragment') keep(event)
    }),
  )
  protocols.close()
  return { documents, counters: source.counters() }
}

/**
 * All that differs is when. The packets come as fast as they were captured, so no flow falls silent
 * or is reported in between, and what stays open ends with the source, live as in a replay.
 */
const times: readonly string[] = ['@timestamp', 'start', 'end', 'duration', 'rtt']

/** The document as text, without when and how long. */
function timeless(document: Fields): string {
  return JSON.stringify(document, (key, value: unknown) =>
    times.includes(key) ? undefined : value,
  )
}

/** What is more often in `some` than in `others`. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1)
  return some.filter(one => {
    const count = left.get(one) ?? 0
    left.set(one, count - 1)
    return count <= 0
  })
}

function dataset({ event }: Fields): unknown {
  return Object.entries(event ?? {}).find(([name]) => name === 'dataset')?.[1]
}
