import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReplay } from '../../src/capture/replay.ts'
import { readConfig } from '../../src/config/load.ts'
import { type DeviceEvent } from '../../src/enrich/device-event.ts'
import { Devices, type DevicesOptions } from '../../src/enrich/devices.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { Enrichment } from '../../src/enrich/enrichment.ts'
import { LinkWatch } from '../../src/enrich/link-watch.ts'
import { eventHandler } from '../../src/pipeline/events.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { type Environment } from '../../src/storage/environment.ts'
import * as p from '../generate/packets.ts'
import { pcap, START } from '../generate/pcap.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary } from '../storage/open.ts'

/** A frame and the second in which it is captured. */
export type Timed = readonly [second: number, frame: Uint8Array]

export interface Inventory {
  readonly devices: Devices
  readonly events: readonly DeviceEvent[]
  readonly environment: Environment
  /** What happened, in short: action and last byte of the MAC, and the address if any. */
  readonly story: readonly string[]
}

export interface Watching extends Partial<DevicesOptions> {
  readonly environment?: Environment
  /** Prefixes of the link. */
  readonly link?: readonly string[]
}

const second = 1e6

/** The inventory after a capture of these frames: everything as the sensor does it, rules apart. */
export async function inventory(
  frames: readonly Timed[],
  { link = ['192.0.2.254/24', 'fe80::fe/64'], ...options }: Watching = {},
): Promise<Inventory> {
  const environment = options.environment ?? (await openTemporary())
  const { config } = readConfig()
  if (config === undefined) throw new Error('the defaults are wrong')
  const file = join(mkdtempSync(join(tmpdir(), 'orthrus-devices-')), 'link.pcap')
  const packets = frames
    .toSorted(([a], [b]) => a - b)
    .map(([at, bytes]) => ({ time: START + BigInt(Math.round(at * second)) * 1000n, bytes }))
  writeFileSync(file, pcap(packets))
  const source = openReplay({ capture: config.capture, files: [file] })
  const events: DeviceEvent[] = []
  const journal = journalFor(environment)
  const devices = new Devices({
    journal,
    limit: 1000,
    learning: 0,
    grace: 5 * second,
    vendor: () => undefined,
    // The DHCP server is part of the scenery.
    onEvent: event => {
      if (event.sourceMac !== '00-00-5E-00-53-01') events.push(event)
    },
    ...options,
    environment,
  })
  const enrichment = new Enrichment(config.enrich, { home: () => homeOf([]), devices })
  const watch = new LinkWatch({
    devices,
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
  })
  const protocols = new Protocols(event => {
    enrichment.learn(event)
    watch.protocol(event)
  })
  const handler = eventHandler(source.clock, event => {
    watch.setInterfaces([
      { index: event.ifindex, name: 'eth0', mac: '02:00:00:00:00:fe', addresses: link },
    ])
    watch.take(event)
    if (event.kind === 'flow') enrichment.began(event)
    protocols.take(event)
    if (event.kind === 'flow') enrichment.ended(event)
  })
  await source.run({ ...handler, flush: () => undefined })
  protocols.close()
  devices.settle()
  await journal.flush()
  await devices.flush()
  return { devices, events, environment, story: events.map(tellEvent) }
}

function tellEvent({ action, sourceMac, sourceIp = '-' }: DeviceEvent): string {
  return `${action.slice('device-'.length)} ${sourceMac.slice(-2)} ${sourceIp}`
}

/** A MAC that a device has made up; `n` its last byte. */
export const made = (n: number) => `02:00:5e:00:00:${byte(n)}`
/** A MAC of a maker's. */
export const burnt = (n: number) => `00:00:5e:00:53:${byte(n)}`

const byte = (n: number) => n.toString(16).padStart(2, '0')

export interface Client {
  readonly mac: string
  readonly hostname?: string
  readonly vendor?: string
  readonly clientId?: Uint8Array
  readonly parameters?: readonly number[]
  readonly requested?: string
}

const everyone = 'ff:ff:ff:ff:ff:ff'

/** A client asks for an address, and says what it is. */
export function discover(at: number, { mac, ...options }: Client, type = p.DHCP_DISCOVER): Timed {
  const message = p.dhcp({ type, clientMac: mac, ...options })
  const ports = { srcPort: 68, dstPort: 67 }
  const packet = p.ipv4({ src: '0.0.0.0', dst: '255.255.255.255' }, p.udp(ports, message))
  return [at, p.ethernet({ src: mac, dst: everyone }, packet)]
}

/** A server gives the address. */
export function acknowledge(at: number, mac: string, ip: string, server = burnt(1)): Timed {
  const message = p.dhcp({
    type: p.DHCP_ACK,
    clientMac: mac,
    yourIp: ip,
    serverIp: '192.0.2.1',
    router: '192.0.2.1',
    lease: 3600,
  })
  const packet = p.ipv4(
    { src: '192.0.2.1', dst: '255.255.255.255' },
    p.udp({ srcPort: 67, dstPort: 68 }, message),
  )
  return [at, p.ethernet({ src: server, dst: everyone }, packet)]
}

/** Somebody says by ARP that it has the address. */
export function announce(at: number, mac: string, ip: string, frame = mac): Timed {
  const packet = p.arp({ senderMac: mac, senderIp: ip, targetIp: ip })
  return [at, p.ethernet({ src: frame, dst: everyone }, packet)]
}

/** Somebody asks who has an address. */
export function ask(at: number, mac: string, ip: string, target = '192.0.2.1'): Timed {
  const packet = p.arp({ senderMac: mac, senderIp: ip, targetIp: target })
  return [at, p.ethernet({ src: mac, dst: everyone }, packet)]
}

/** A phone comes: it asks for an address, gets it, and announces it. */
export function arrive(at: number, client: Client, ip: string): Timed[] {
  return [
    discover(at, client),
    discover(at + 0.02, { ...client, requested: ip }, p.DHCP_REQUEST),
    acknowledge(at + 0.03, client.mac, ip),
    announce(at + 0.1, client.mac, ip),
  ]
}
