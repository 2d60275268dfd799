import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { isRoot } from '../capture/support/root.ts'
import * as p from '../generate/packets.ts'
import { until } from '../kernel/support/wire.ts'
import { sendFrame } from './support/frame.ts'
import { have } from './support/link.ts'
import { type Json, parseLines, SensorProcess } from './support/sensor.ts'

const execute = promisify(execFile)

/** What the inventory tells, what a baseline has never seen, each packet of DNS and three of one card, each as an alert. */
const rules = `
title: Any Device Event
id: 00000000-0000-4000-8000-000000000001
level: low
taxonomy: ecs
logsource: {category: network, service: device}
detection: {any: {event.action|exists: true}, condition: any}
orthrus: {suppress: {by: [event.action, device.id, source.mac, source.ip, orthrus.device.name], for: 1s}}
---
title: New Name
id: 00000000-0000-4000-8000-000000000002
level: low
taxonomy: ecs
logsource: {category: network, service: dns}
detection: {any: {dns.question.name|exists: true}, condition: any}
orthrus.baseline: {version: 1, type: new_value, entity: [source.mac], value: [dns.question.name], learn: 0s}
---
title: New Server
id: 00000000-0000-4000-8000-000000000003
level: low
taxonomy: ecs
logsource: {category: network, service: tls}
detection: {any: {tls.client.server_name|exists: true}, condition: any}
orthrus.baseline: {version: 1, type: new_entity, entity: [tls.client.server_name], learn: 0s}
---
title: Any Packet of DNS
id: 00000000-0000-4000-8000-000000000004
level: low
taxonomy: ecs
logsource: {category: network, service: dns}
detection: {any: {event.action|exists: true}, condition: any}
orthrus: {suppress: {for: 0}}
---
title: Three Questions
id: 00000000-0000-4000-8000-000000000005
level: low
correlation:
  type: event_count
  rules: [00000000-0000-4000-8000-000000000004]
  group-by: [source.mac]
  timespan: 1m
  condition: {gte: 3}
  generate: true
orthrus: {suppress: {for: 0}}
`

interface Host extends p.End {
  readonly ip: string
  readonly mac: string
}

const server = { ip: '192.0.2.1', port: 443, mac: '00:00:5e:00:53:01' }
const hosts: readonly Host[] = Array.from({ length: 5 }, (_, i) => ({
  ip: `192.0.2.${10 + i}`,
  port: 40_000 + i,
  // Made up by the device, or given by its maker.
  mac: i % 2 === 0 ? `02:00:5e:00:53:1${i}` : `00:00:5e:00:53:1${i}`,
}))
const [first, second] = [hosts[0], hosts[1]] as readonly [Host, Host]

/** Has no address of the link yet, so it is held back for a moment. */
const undecided = { ip: '169.254.7.7', port: 0, mac: '02:00:5e:00:53:1f' }

/** Rounds of what hosts do, each with names that were never seen; then two that want one address. */
function traffic(): Uint8Array[] {
  const rounds = [0, 1, 2].flatMap(round => hosts.flatMap(host => habits(host, round)))
  const claims = [second, first, second].map(({ mac }) => announcement({ ...first, mac }))
  const foreign = announcement({ ...second, ip: '203.0.113.9' })
  const names = ['one.local', 'other.local'].map(name => {
    return multicast(second, p.mdnsAnnouncement([{ name, data: second.ip }]))
  })
  return [...rounds, ...claims, foreign, ...names, announcement(undecided)]
}

function habits(host: Host, round: number): Uint8Array[] {
  const name = `n${round}.example.com`
  const port = host.port + 10 * round
  const [from, to] = [{ ...host, port }, server]
  const udp = (src: p.End, dst: p.End, bytes: Uint8Array) =>
    p.udp({ srcPort: src.port, dstPort: dst.port }, bytes)
  const resolver = { ...server, port: 53 }
  const hello = p.tlsRecords(p.clientHello({ sni: `s${round}.example.com`, alpn: ['h2'] }))
  return [
    announcement(host),
    ...p.datagrams(from, resolver, [
      { from: 'client', layer: (src, dst) => udp(src, dst, p.dnsQuery(name)) },
      {
        from: 'server',
        layer: (src, dst) => udp(src, dst, p.dnsAnswer(name, [{ name, data: server.ip }])),
      },
    ]),
    // Twice the same question, in one conversation and minute.
    ...p.datagrams(from, resolver, [
      { from: 'client', layer: (src, dst) => udp(src, dst, p.dnsQuery(name)) },
      { from: 'client', layer: (src, dst) => udp(src, dst, p.dnsQuery(name)) },
    ]),
    ...p.tcpConversation({ client: from, server: to }, [{ from: 'client', bytes: hello }]),
  ]
}

function announcement({ mac, ip }: Host): Uint8Array {
  const content = p.arp({ senderMac: mac, senderIp: ip, targetIp: ip })
  return p.ethernet({ src: mac, dst: 'ff:ff:ff:ff:ff:ff' }, content)
}

function multicast({ mac, ip }: Host, bytes: Uint8Array): Uint8Array {
  const layer = p.udp({ srcPort: 5353, dstPort: 5353 }, bytes)
  return p.ethernet(
    { src: mac, dst: '01:00:5e:00:00:fb' },
    p.ipv4({ src: ip, dst: '224.0.0.251' }, layer),
  )
}

/** A wire on which nobody speaks but the test. */
class Wire {
  readonly home: Namespace = makeNamespace('orAh')
  readonly #peer: Namespace = makeNamespace('orAp')

  constructor() {
    const { home } = this
    const peer = this.#peer
    home.ip('link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'p0', 'netns', peer.name)
    for (const [space, device] of [[home, 'w0'] as const, [peer, 'p0'] as const]) {
      space.ip('link', 'set', device, 'addrgenmode', 'none', 'arp', 'off')
      space.ip('link', 'set', device, 'up')
    }
  }

  send(frames: readonly Uint8Array[]): void {
    this.#peer.inside(() => {
      for (const frame of frames) sendFrame('p0', frame)
    })
  }

  /** Writes what comes into a capture, until the function that it returns is called. */
  async record(file: string): Promise<() => Promise<void>> {
    const words = ['tcpdump', '-i', 'w0', '-U', '-s', '0', '-w', file]
    const child = spawn('ip', ['netns', 'exec', this.home.name, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString()
    })
    await until(() => said.includes('listening'))
    return async () => {
      child.kill('SIGINT')
      await once(child, 'close')
    }
  }

  [Symbol.dispose](): void {
    this.home[Symbol.dispose]()
    this.#peer[Symbol.dispose]()
  }
}

function configured(directory: string): string {
  const file = join(directory, 'orthrus.yaml')
  writeFileSync(join(directory, 'rules.yml'), rules)
  writeFileSync(
    file,
    `network: { home: [192.0.2.0/24] }
capture: { interfaces: [w0] }
rules: { shipped: false, paths: [${join(directory, 'rules.yml')}] }
`,
  )
  return file
}

type Alert = Json & { readonly rule?: { readonly name: string } }

/** The alerts of rules: the id, and whom and what it is of. */
function alertsOf(documents: readonly Json[]): string[] {
  const all = (documents as readonly Alert[]).filter(
    ({ event, rule }) => event.kind === 'alert' && rule !== undefined,
  )
  const words = ({ event, rule, source }: Alert) => [
    rule?.name,
    event.action,
    source.mac,
    source.ip,
  ]
  return all.map(one => [one.event.id, ...words(one)].join(' ')).sort()
}

describe.skipIf(!isRoot || !have('tcpdump'))('rules of every kind', () => {
  test('give the same alerts, with the same ids, live and in replays of what was recorded', async () => {
    using wire = new Wire()
    const directory = mkdtempSync(join(tmpdir(), 'orthrus-alerts-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const [config, file] = [configured(directory), join(directory, 'seen.pcap')]
    const state = join(directory, 'state')
    const args = ['run', '-c', config, '--learn', '0', '--state', state]
    const sensor = new SensorProcess(wire.home.name, args, {})
    onTestFinished(() => sensor.kill())
    await sensor.says('stderr', 'rules run')
    const stop = await wire.record(file)
    wire.send(traffic())
    const last = () => sensor.documents.some(({ source }) => source?.ip === undecided.ip)
    await sensor.until(last, 'nothing was told of the last device')
    await stop()
    expect(await sensor.end()).toBe(0)
    expect(sensor.summary.orthrus.sensor.missed).toEqual({})
    const replay = async () => {
      const words = ['replay', '-c', config, '--learn', '0', file]
      const { stdout } = await execute('bin/orthrus', words, { maxBuffer: 1e8 })
      return alertsOf(parseLines(stdout))
    }
    const replayed = await replay()
    expect(alertsOf(sensor.documents)).toEqual(replayed)
    expect(await replay()).toEqual(replayed)
    expect(new Set(replayed).size).toBe(replayed.length)
    const actions = new Set(replayed.map(text => text.split(' ').at(-3)))
    expect([...actions].sort()).toEqual([
      'device-address-changed',
      'device-flip-flop',
      'device-new',
      'device-new-address',
      'device-renamed',
      'dns-answer',
      'dns-query',
      'tls-client-hello',
    ])
  })
})
