import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { eventDocument } from '../../src/alerts/ecs.ts'
import { type ProtocolEvent } from '../../src/protocols/protocol.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { type Probe } from '../kernel/support/probe.ts'

const context: EventContext = { interfaceName: () => undefined, direction: () => undefined }

/** What the whole chain, from frames to documents, says of them; the end of the capture included. */
export function eventsOf(
  probe: Probe,
  frames: Iterable<Uint8Array>,
): { events: ProtocolEvent[]; last: ProtocolEvent[] } {
  const events: ProtocolEvent[] = []
  const last: ProtocolEvent[] = []
  let out = events
  const protocols = new Protocols(event => out.push(event))
  for (const frame of frames) probe.feed(frame)
  for (const event of probe.events()) protocols.take(event)
  out = last
  protocols.close()
  return { events, last }
}

/** Which packet of which conversation it was does not matter: only what it says. */
const ofPacket = ['@timestamp', 'source', 'destination', 'client', 'server', 'related']

/** The ECS documents of the events, without times and ends. */
export function documentsOf(events: readonly ProtocolEvent[]): string[] {
  return events.map(event => {
    const document: Record<string, unknown> = { ...eventDocument(event, context) }
    for (const name of ofPacket) delete document[name]
    return JSON.stringify(document, (key, value: unknown) =>
      ['community_id', 'start', 'end', 'created', 'duration'].includes(key) ? undefined : value,
    )
  })
}
