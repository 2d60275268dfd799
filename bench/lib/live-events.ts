import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DocumentedEvent, eventDocument } from '../../src/alerts/ecs.ts'
import { type FieldReader } from '../../src/rules/fields.ts'
import { type Kind } from '../../src/rules/mapping/kind.ts'
import { eventReaders } from '../../src/rules/slots/event.ts'
import * as p from '../../test/generate/packets.ts'
import { captured, pcap } from '../../test/generate/pcap.ts'
import { replayed } from '../../test/rules/replayed.ts'
import { DnsQuery, makeEvents, TlsHello } from './events.ts'

/** Events as the sensor has them, and the slots through which its rules read them. */
export interface LiveEvents {
  readonly events: readonly DocumentedEvent[]
  readonly readerOf: (kind: Kind) => FieldReader<DocumentedEvent>
}

/** A capture of so many conversations, with the names and addresses of the synthetic events. */
export function liveCapture(conversations: number, seed: number): Disposable & { file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  const file = join(folder, 'events.pcap')
  const frames = makeEvents(conversations, seed).flatMap((event, index) => {
    const client = { ip: event.sourceIp, port: 1024 + (index % 60_000), mac: '02:00:00:00:00:05' }
    const server = {
      ip: event.destinationIp,
      port: event.destinationPort,
      mac: '02:00:00:00:00:01',
    }
    if (event instanceof DnsQuery) return question(event, client, server)
    if (event instanceof TlsHello) return hello(event, client, server)
    return p.tcpConversation({ client, server, teardown: 'rst' }, [])
  })
  writeFileSync(file, pcap(captured(frames, undefined, 100_000n)))
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** Its events, decoded anew: what they make of their bytes is made when it is first asked for. */
export async function liveEvents(file: string): Promise<LiveEvents> {
  const { events, context } = await replayed([file])
  const document = (event: DocumentedEvent) => eventDocument(event, context)
  return { events, readerOf: eventReaders({ ...context, document }) }
}

function question({ name, resolved = [] }: DnsQuery, client: p.End, server: p.End): Uint8Array[] {
  const answers = resolved.map(data => ({ name, data }))
  const udp = (src: p.End, dst: p.End, bytes: Uint8Array) =>
    p.udp({ srcPort: src.port, dstPort: dst.port }, bytes)
  return p.datagrams(client, server, [
    { from: 'client', layer: (src, dst) => udp(src, dst, p.dnsQuery(name)) },
    { from: 'server', layer: (src, dst) => udp(src, dst, p.dnsAnswer(name, answers)) },
  ])
}

function hello({ serverName }: TlsHello, client: p.End, server: p.End): Uint8Array[] {
  const bytes = p.tlsRecords(p.clientHello({ sni: serverName, alpn: ['h2'] }))
  return p.tcpConversation({ client, server }, [{ from: 'client', bytes }])
}
