import { type EventContext } from '../alerts/ecs/context.ts'
import { type DocumentedEvent, eventDocument } from '../alerts/ecs.ts'
import { openReplay, type ReplayProgress } from '../capture/replay.ts'
import { type Config } from '../config/schema.ts'
import { homeOf } from '../enrich/direction.ts'
import { Enrichment } from '../enrich/enrichment.ts'
import { Protocols } from '../protocols/protocols.ts'
import { eventHandler } from './events.ts'

/** What a replay has at home when the configuration does not say: RFC 1918, 6598 and 4193. */
const privateNetworks = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
]

export interface ReplayEventsOptions {
  readonly config: Config
  readonly files: readonly string[]
  readonly stdout: NodeJS.WritableStream
  readonly stop: AbortSignal
  readonly progress?: (progress: ReplayProgress) => void
}

/** Prints every event of the captures as one ECS document a line; no rules, no memory. */
export async function replayEvents(options: ReplayEventsOptions): Promise<void> {
  const { config, files, stdout, stop, progress } = options
  const home = homeOf(config.network.home.length > 0 ? config.network.home : privateNetworks)
  const enrichment = new Enrichment(config.enrich, { home: () => home })
  const source = openReplay({ capture: config.capture, files, ...(progress && { progress }) })
  const context: EventContext = {
    interfaceName: ifindex => source.interfaces.name(ifindex),
    direction: packet => home.direction(packet),
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
    source: packet => enrichment.source(packet),
    destination: packet => enrichment.destination(packet),
    protocolName: flow => protocols.nameOf(flow),
  }
  let lines = ''
  const print = (event: DocumentedEvent) => {
    lines += `${JSON.stringify(eventDocument(event, context))}\n`
  }
  const protocols = new Protocols(event => {
    enrichment.learn(event)
    print(event)
  })
  const handler = eventHandler(source.clock, event => {
    if (event.kind === 'flow') enrichment.began(event)
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') print(event)
    if (event.kind === 'flow') enrichment.ended(event)
  })
  const flush = () => {
    if (lines !== '') stdout.write(lines)
    lines = ''
  }
  const halt = () => void source.stop()
  stop.addEventListener('abort', halt)
  try {
    await source.run({ ...handler, flush })
  } finally {
    protocols.close()
    flush()
    stop.removeEventListener('abort', halt)
  }
}
