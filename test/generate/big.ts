import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { noise, random, u16 } from './bytes.ts'
import { type Turn, tcpConversation } from './conversation.ts'
import * as p from './packets.ts'
import { pcapHeader } from './pcap.ts'

/** How a big capture is made. */
export interface BigOptions {
  readonly packets?: number
  readonly seed?: number
  /** Mean packets per second of capture time. */
  readonly rate?: number
}

/** What was written. */
export interface BigSummary {
  readonly packets: number
  readonly bytes: number
  readonly conversations: number
}

const FLUSH = 1_048_576
/** Conversations that go on at the same time. */
const WIDTH = 64

/**
 * Writes a pcap (µs, Ethernet) of mixed traffic: TCP conversations with TLS, HTTP, SSH and bulk
 * data, DNS, QUIC-like UDP, ICMP, ARP, IPv4 and IPv6, many at a time. The same seed gives the
 * same bytes.
 */
export async function writeBigCapture(path: string, options: BigOptions = {}): Promise<BigSummary> {
  const { packets = 1_000_000, seed = 1, rate = 50_000 } = options
  const file = createWriteStream(path)
  const traffic = new Traffic(seed)
  const gap = 2_000_000 / rate
  let buffer = Buffer.allocUnsafe(FLUSH + 65_536)
  let used = pcapHeader().copy(buffer)
  let total = 0
  let time = 1_704_067_200_000_000
  for (let i = 0; i < packets; i++) {
    const frame = traffic.next()
    time += Math.floor(traffic.random() * gap)
    used = record(buffer, used, time, frame)
    if (used < FLUSH) continue
    total += used
    if (!file.write(buffer.subarray(0, used)))
      await new Promise<void>(done => file.once('drain', done))
    buffer = Buffer.allocUnsafe(FLUSH + 65_536)
    used = 0
  }
  file.end(buffer.subarray(0, used))
  await finished(file)
  return { packets, bytes: total + used, conversations: traffic.conversations }
}

function record(buffer: Buffer, at: number, time: number, frame: Uint8Array): number {
  buffer.writeUInt32LE(Math.floor(time / 1_000_000), at)
  buffer.writeUInt32LE(time % 1_000_000, at + 4)
  buffer.writeUInt32LE(frame.length, at + 8)
  buffer.writeUInt32LE(frame.length, at + 12)
  buffer.set(frame, at + 16)
  return at + 16 + frame.length
}

/** A scripted exchange between two ends; its frames are patched for each use. */
interface Script {
  readonly frames: readonly Uint8Array[]
  /** How often it is used, relative to the others. */
  readonly weight: number
}

/** Frames of many conversations, interleaved. */
class Traffic {
  readonly random: () => number
  readonly #scripts: readonly Script[]
  readonly #weight: number
  readonly #running: Play[] = []
  conversations = 0

  constructor(seed: number) {
    this.random = random(seed)
    this.#scripts = scripts()
    this.#weight = this.#scripts.reduce((sum, script) => sum + script.weight, 0)
    for (let i = 0; i < WIDTH; i++) this.#running.push(this.#start())
  }

  next(): Uint8Array {
    const slot = Math.floor(this.random() * WIDTH)
    const play = this.#running[slot]
    const frame = play?.next()
    if (frame) return frame
    this.#running[slot] = this.#start()
    return this.next()
  }

  #start(): Play {
    this.conversations++
    const script = this.#pick()
    const host = Math.floor(this.random() * 500)
    const port = 32_768 + Math.floor(this.random() * 28_000)
    const server = Math.floor(this.random() * 2000)
    return new Play(script?.frames ?? [], host, port, server)
  }

  #pick(): Script | undefined {
    let left = this.random() * this.#weight
    for (const script of this.#scripts) {
      left -= script.weight
      if (left < 0) return script
    }
    return this.#scripts.at(-1)
  }
}

const CLIENT: p.End = { ip: '10.1.0.0', port: 40_000, mac: '02:00:00:01:00:00' }
const SERVER: p.End = { ip: '198.18.0.0', port: 443, mac: '02:00:00:00:00:fe' }
const CLIENT6: p.End = { ...CLIENT, ip: 'fd00:1::' }
const SERVER6: p.End = { ...SERVER, ip: '2001:db8:2::' }

/** Plays a script between a client and a server of its own, checksums kept right. */
class Play {
  readonly #frames: readonly Uint8Array[]
  readonly #host: number
  readonly #port: number
  readonly #server: number
  #at = 0

  constructor(frames: readonly Uint8Array[], host: number, port: number, server: number) {
    this.#frames = frames
    this.#host = host + 1
    this.#port = port
    this.#server = server + 1
  }

  next(): Uint8Array | undefined {
    const frame = this.#frames[this.#at++]
    return frame && this.#patch(Uint8Array.from(frame))
  }

  /** Puts host, server and client port in place of the script's. */
  #patch(frame: Uint8Array): Uint8Array {
    const fromClient = frame[9] === 1
    frame.set(u16(this.#host), fromClient ? 10 : 4)
    const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0)
    if (type === 0x0806) {
      frame.set(u16(this.#host), fromClient ? 26 : 36)
      frame.set(u16(this.#host), fromClient ? 30 : 40)
    }
    if (type === 0x0800) this.#ip(frame, fromClient, { src: 28, dst: 32, l4: 34, protocol: 23 })
    if (type === 0x86dd) this.#ip(frame, fromClient, { src: 36, dst: 52, l4: 54, protocol: 20 })
    return frame
  }

  #ip(
    frame: Uint8Array,
    fromClient: boolean,
    at: { src: number; dst: number; l4: number; protocol: number },
  ): void {
    const [host, server] = fromClient ? [at.src, at.dst] : [at.dst, at.src]
    let sum = put(frame, host, this.#host) + put(frame, server, this.#server)
    if (at.l4 === 34) adjust(frame, 24, sum)
    const protocol = frame[at.protocol]
    if (protocol === 6 || protocol === 17) {
      sum += put(frame, at.l4 + (fromClient ? 0 : 2), this.#port)
      adjust(frame, at.l4 + (protocol === 6 ? 16 : 6), sum)
    }
    if (protocol === 58) adjust(frame, at.l4 + 2, sum)
  }
}

/** Writes a 16-bit number and returns what it adds to a ones' complement sum. */
function put(frame: Uint8Array, at: number, value: number): number {
  // Addresses end in zero in the scripts; their last two bytes are filled.
  const old = ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0)
  frame[at] = value >>> 8
  frame[at + 1] = value
  return (~old & 0xffff) + value
}

/** RFC 1624: the checksum after the sum under it has changed. */
function adjust(frame: Uint8Array, at: number, change: number): void {
  const old = ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0)
  let sum = (~old & 0xffff) + change
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  frame[at] = (~sum >>> 8) & 0xff
  frame[at + 1] = ~sum & 0xff
}

function scripts(): Script[] {
  const list: Script[] = []
  for (const six of [false, true]) {
    const [client, server] = six ? [CLIENT6, SERVER6] : [CLIENT, SERVER]
    const share = six ? 0.25 : 1
    const add = (weight: number, frames: readonly Uint8Array[]) =>
      list.push({ weight: weight * share, frames })
    const talk = (
      port: number,
      turns: readonly Turn[],
      more: Partial<p.ConversationOptions> = {},
    ) => tcpConversation({ client, server: { ...server, port }, ...more }, turns)
    for (let i = 0; i < 12; i++)
      add(1, talk(443, tlsTurns(`host-${i}.example.com`, i), { timestamps: true }))
    for (let i = 0; i < 6; i++) add(1, talk(80, httpTurns(`www-${i}.example.net`, i)))
    add(0.5, talk(443, tlsTurns('bulk.example.com', 60)))
    add(0.3, talk(22, sshTurns()))
    add(1.5, talk(8443, [], { teardown: 'rst' }))
    for (let i = 0; i < 20; i++) add(1, nameTurns(client, server, `name-${i}.example.org`))
    add(1, datagramTurns(client, server))
    add(1, echoes(client, server, six))
  }
  list.push({ weight: 2, frames: arps() })
  return list
}

function tlsTurns(sni: string, replies: number): Turn[] {
  const hello = p.tlsRecords(
    replies % 2 === 0 ? p.postQuantumHello(sni) : p.clientHello({ sni, alpn: ['h2'] }),
  )
  const flight = p.serverFlight({ alpn: 'h2' })
  const data = p.tlsRecords(noise(14_000, replies + 1), {
    type: p.APPLICATION_DATA,
    version: 0x0303,
  })
  const ask = p.tlsRecords(noise(300, 9), { type: p.APPLICATION_DATA, version: 0x0303 })
  return [
    { from: 'client', bytes: hello, segments: p.segmentEvery(hello, 1400) },
    { from: 'server', bytes: flight, segments: p.segmentEvery(flight, 1448) },
    { from: 'client', bytes: ask },
    ...Array.from({ length: 1 + replies }, () => bulk('server', data)).flat(),
  ]
}

/** Bytes in full segments, with an ACK after every second one. */
function bulk(from: Turn['from'], bytes: Uint8Array, size = 1448): Turn[] {
  return p
    .segmentEvery(bytes, 2 * size)
    .map(pair => ({ from, bytes: pair.bytes, segments: p.segmentEvery(pair.bytes, size) }))
}

function httpTurns(host: string, count: number): Turn[] {
  return Array.from({ length: count + 1 }, (_, i): Turn[] => {
    const body = noise(3000 * (i + 1), i)
    const answer = p.httpResponse(
      { headers: { Server: 'nginx', 'Content-Type': 'application/octet-stream' } },
      body,
    )
    const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)', Accept: '*/*' }
    return [
      { from: 'client', bytes: p.httpRequest({ host, target: `/file/${i}.bin`, headers }) },
      ...bulk('server', answer, 1460),
    ]
  }).flat()
}

function sshTurns(): Turn[] {
  const rest = Array.from(
    { length: 40 },
    (_, i): Turn => ({
      from: i % 2 === 0 ? 'client' : 'server',
      bytes: noise(36 + (i % 5) * 16, i),
    }),
  )
  return [
    { from: 'server', bytes: p.sshBanner() },
    { from: 'client', bytes: p.sshBanner('OpenSSH_9.6') },
    { from: 'client', bytes: p.sshKexInit() },
    { from: 'server', bytes: p.sshKexInit() },
    ...rest,
  ]
}

function nameTurns(client: p.End, server: p.End, name: string): Uint8Array[] {
  const resolver = { ...server, port: 53 }
  const answers: p.DnsRecord[] = [
    { name, type: 'CNAME', data: `edge.${name}` },
    { name: `edge.${name}`, data: '198.18.0.7' },
  ]
  return p.datagrams(client, resolver, [
    { from: 'client', layer: (s, d) => datagram(s, d, p.dnsQuery(name)) },
    { from: 'server', layer: (s, d) => datagram(s, d, p.dnsAnswer(name, answers)) },
  ])
}

function datagramTurns(client: p.End, server: p.End): Uint8Array[] {
  const rest = Array.from({ length: 60 }, (_, i) => ({
    from: i % 6 === 0 ? ('client' as const) : ('server' as const),
    layer: (s: p.End, d: p.End) => datagram(s, d, p.concat(p.u8(0x43), noise(1180, i))),
  }))
  return p.datagrams(client, server, [
    { from: 'client', layer: (s, d) => datagram(s, d, p.quicInitial()) },
    { from: 'server', layer: (s, d) => datagram(s, d, p.quicInitial({ size: 1200 })) },
    ...rest,
  ])
}

function datagram(src: p.End, dst: p.End, bytes: Uint8Array): p.Layer {
  return p.udp({ srcPort: src.port, dstPort: dst.port }, bytes)
}

function echoes(client: p.End, server: p.End, six: boolean): Uint8Array[] {
  const make = six ? p.echo6 : p.echo
  return p.datagrams(
    client,
    server,
    Array.from({ length: 8 }, (_, i) => ({
      from: i % 2 === 0 ? ('client' as const) : ('server' as const),
      layer: () => make({ id: 7, seq: i >> 1, reply: i % 2 === 1 }, noise(48, 5)),
    })),
  )
}

function arps(): Uint8Array[] {
  const router = { mac: SERVER.mac ?? '', ip: '10.1.255.254' }
  const host = { mac: CLIENT.mac ?? '', ip: CLIENT.ip }
  return [
    p.ethernet(
      { src: host.mac, dst: 'ff:ff:ff:ff:ff:ff' },
      p.arp({ senderMac: host.mac, senderIp: host.ip, targetIp: router.ip }),
    ),
    p.ethernet(
      { src: router.mac, dst: host.mac },
      p.arp({
        operation: 2,
        senderMac: router.mac,
        senderIp: router.ip,
        targetMac: host.mac,
        targetIp: host.ip,
      }),
    ),
  ]
}
