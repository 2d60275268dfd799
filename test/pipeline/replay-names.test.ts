import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { EcsFlat } from '@elastic/ecs'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { replayEvents } from '../../src/pipeline/replay.ts'
import * as p from '../generate/packets.ts'
import { captured, pcap } from '../generate/pcap.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-names-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface FlowDocument {
  readonly event: { readonly dataset: string; readonly action: string }
  readonly destination: Readonly<Record<string, unknown>>
  readonly orthrus: { readonly destination?: { readonly domain_source?: string } }
}

const client = { ip: '192.168.1.23', port: 40_000 }
const resolver = { ip: '192.168.1.1', port: 53 }
const server = { ip: '93.184.216.34', port: 443 }

/** The flows to the server, as `replay --events` prints them. */
async function flows(...frames: readonly Uint8Array[]): Promise<FlowDocument[]> {
  const file = join(folder, 'capture.pcap')
  writeFileSync(file, pcap(captured(frames)))
  const { config } = readConfig()
  if (config === undefined) throw new Error('the defaults are invalid')
  const stdout = new PassThrough()
  const printed = text(stdout)
  await replayEvents({ config, files: [file], stdout, stop: new AbortController().signal })
  stdout.end()
  const lines = (await printed).trim().split('\n')
  const documents = lines.map(line => JSON.parse(line) as FlowDocument)
  return documents.filter(
    ({ event, destination }) => event.dataset === 'orthrus.flow' && destination['ip'] === server.ip,
  )
}

function resolved(name: string): Uint8Array[] {
  const asked = p.dnsQuery(name)
  const told = p.dnsAnswer(name, [
    { name, type: 'CNAME', data: 'cdn.example.net' },
    { name: 'cdn.example.net', type: 'A', data: server.ip },
  ])
  const datagram = (bytes: Uint8Array) => (src: { port: number }, dst: { port: number }) =>
    p.udp({ srcPort: src.port, dstPort: dst.port }, bytes)
  return p.datagrams(client, resolver, [
    { from: 'client', layer: datagram(asked) },
    { from: 'server', layer: datagram(told) },
  ])
}

test('a flow has the name that its client resolved, from its start to its end', async () => {
  const secret = p.tcpConversation({ client, server }, [{ from: 'client', bytes: p.noise(90, 1) }])
  const found = await flows(...resolved('www.example.org'), ...secret)
  expect(found.map(({ event }) => event.action)).toEqual(['flow-start', 'flow-end'])
  for (const { destination, orthrus } of found) {
    expect(destination).toMatchObject({
      domain: 'www.example.org',
      registered_domain: 'example.org',
      subdomain: 'www',
      top_level_domain: 'org',
      geo: { country_iso_code: 'US' },
    })
    expect(orthrus.destination).toEqual({ domain_source: 'dns' })
  }
})

test('a flow has the name of its own ClientHello at its end', async () => {
  const hello = p.tlsRecords(p.clientHello({ sni: 'shop.example.co.uk' }))
  const open = p.tcpConversation({ client, server }, [{ from: 'client', bytes: hello }])
  const found = await flows(...resolved('www.example.org'), ...open)
  const named = found.map(one => [
    one.destination['domain'],
    one.orthrus.destination?.domain_source,
  ])
  expect(named).toEqual([
    ['www.example.org', 'dns'],
    ['shop.example.co.uk', 'tls'],
  ])
  expect(found[1]?.destination).toMatchObject({ registered_domain: 'example.co.uk' })
})

test('every field of a destination is one of ECS', async () => {
  const [flow] = await flows(
    ...resolved('www.example.org'),
    ...p.tcpConversation({ client, server }, []),
  )
  const names = leaves(flow?.destination ?? {}, 'destination')
  expect(names).toContain('destination.geo.country_iso_code')
  expect(names.filter(name => !(name in EcsFlat))).toEqual([])
})

function leaves(node: object, path: string): string[] {
  return Object.entries(node).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? leaves(value as object, `${path}.${name}`)
      : [`${path}.${name}`],
  )
}
