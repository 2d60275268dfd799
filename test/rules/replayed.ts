import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { type DocumentedEvent } from '../../src/alerts/ecs.ts'
import { openReplay } from '../../src/capture/replay.ts'
import { loadConfig } from '../../src/config/load.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { eventHandler } from '../../src/pipeline/events.ts'
import { Protocols } from '../../src/protocols/protocols.ts'

const somewhere = { country: 'XX', asn: 64_496, organization: 'Example' }

/** All events of captures, and the context for their documents. */
export async function replayed(
  files: readonly string[],
): Promise<{ events: DocumentedEvent[]; context: EventContext }> {
  const source = openReplay({ capture: loadConfig().capture, files })
  const home = homeOf(['10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', 'fc00::/7'])
  const events: DocumentedEvent[] = []
  const protocols = new Protocols(event => events.push(event))
  const context: EventContext = {
    interfaceName: ifindex => source.interfaces.name(ifindex),
    direction: packet => home.direction(packet),
    protocolName: flow => protocols.nameOf(flow),
    source: packet => ({
      place: undefined,
      device: packet.sourceIp && `device ${packet.sourceIp}`,
    }),
    destination: ({ destinationPort: port }) =>
      port % 2 === 0 ? { place: somewhere, device: undefined } : { place: undefined, device: 'd' },
    destinationName: ({ destinationPort }) =>
      destinationPort === 443 ? { name: 'www.example.test', source: 'dns' } : undefined,
  }
  const handler = eventHandler(source.clock, event => {
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') events.push(event)
  })
  try {
    await source.run({ ...handler, flush: () => undefined })
  } finally {
    protocols.close()
  }
  return { events, context }
}
