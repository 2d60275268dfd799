import { crypto, initial } from '../../protocols/quic-build.ts'
import { httpRequest, httpResponse } from '../application.ts'
import { concat, u8 } from '../bytes.ts'
import { serverHello } from '../tls.ts'
import { GATEWAY } from './cast.ts'
import {
  clientFinish,
  flight,
  hello,
  helloMessage,
  type Shape,
  sealedData,
  serverFinish,
  someNoise,
  type TlsServer,
} from './hello.ts'
import { type Lan } from './lan.ts'
import { bulk, payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { type Station } from './station.ts'
import { converse, datagrams, type Say, type Talk } from './talk.ts'
import { type End } from './wire.ts'
import { type Host } from './world.ts'

/** A request and its answer: bytes up, bytes down, µs before. */
export interface Exchange {
  readonly up: number
  readonly down: number
  readonly wait?: number
}

export interface SecureOptions {
  readonly shape: Shape
  readonly exchanges: Iterable<Exchange>
  readonly port?: number
  /** Server name to send instead of the host's; empty: none. */
  readonly sni?: string
  readonly close?: Talk['close']
  readonly fate?: Talk['fate']
}

/** What is said over TLS: handshake, then the exchanges. */
export function* tlsSays(
  server: TlsServer,
  shape: Shape,
  sni: string,
  exchanges: Iterable<Exchange>,
): Generator<Say, void, void> {
  yield { from: 'client', data: hello(shape, sni === '' ? undefined : sni) }
  yield { from: 'server', data: flight(server, 2400 + ((sni.length * 97) % 1500)), wait: 700 }
  yield { from: 'client', data: clientFinish(server), wait: 900 }
  const finish = serverFinish(server)
  if (finish !== undefined) yield { from: 'server', data: finish, wait: 300 }
  for (const { up, down, wait = 0 } of exchanges) {
    if (up > 0) yield { from: 'client', data: sealedData(up), wait }
    if (down > 0) yield { from: 'server', data: sealedData(down), wait: up > 0 ? 2500 : wait }
  }
}

/** The remote end of a conversation as the LAN sees it. */
export function outside(address: string, port: number): End {
  return { mac: GATEWAY.mac, ip: address, port }
}

/** A TLS conversation with a host outside, looked up first. */
export function* secure(lan: Lan, station: Station, host: Host, options: SecureOptions): Process {
  const address = yield* lan.resolve(station, host)
  yield* secureTo(lan, station, address, host, options)
}

/** The same when the address is known already. */
export function* secureTo(
  lan: Lan,
  station: Station,
  address: string,
  host: Pick<Host, 'name' | 'rtt' | 'tls'>,
  { shape, exchanges, port = 443, sni = host.name, close, fate }: SecureOptions,
): Process {
  yield* lan.reach(station)
  yield* converse(lan, {
    client: station.end(),
    server: outside(address, port),
    rtt: host.rtt,
    says: tlsSays(host.tls, shape, sni, exchanges),
    ...(close && { close }),
    ...(fate && { fate }),
  })
}

export interface PlainOptions {
  readonly target: string
  readonly userAgent: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly status?: number
  readonly reason?: string
  readonly type?: string
  /** Bytes of the answer. */
  readonly size: number
}

/** One HTTP request and its answer. */
export function* plainSays(host: string, options: PlainOptions): Generator<Say, void, void> {
  const { target, userAgent, method = 'GET', status = 200, reason = 'OK', size } = options
  const { headers = {}, body = u8(), type = 'application/octet-stream' } = options
  const length = body.length > 0 ? { 'Content-Length': String(body.length) } : {}
  const sent = { 'User-Agent': userAgent, Accept: '*/*', ...length, ...headers }
  const request = httpRequest({ method, target, host, headers: sent }, body)
  yield { from: 'client', data: payload(request) }
  const told = { 'Content-Type': type, 'Content-Length': String(size), Server: 'nginx' }
  const head = httpResponse({ status, reason, headers: told })
  yield { from: 'server', data: payload(concat(head, 'x'.repeat(Math.min(size, 400)))), wait: 800 }
  if (size > 400) yield { from: 'server', data: bulk(size - 400, u8(120, 120)), wait: 60 }
}

/** An HTTP conversation with a host outside. */
export function* plain(lan: Lan, station: Station, host: Host, options: PlainOptions): Process {
  const address = yield* lan.resolve(station, host)
  yield* converse(lan, {
    client: station.end(),
    server: outside(address, 80),
    rtt: host.rtt,
    says: plainSays(host.name, options),
  })
}

/** A conversation over QUIC: Initials that can be read, the rest sealed. */
export function* quic(
  lan: Lan,
  station: Station,
  host: Host,
  shape: Shape,
  exchanges: Iterable<Exchange>,
): Process {
  const address = yield* lan.resolve(station, host)
  const client = station.end()
  const server = outside(address, 443)
  const says = quicSays(station, host, shape, exchanges)
  yield* datagrams(lan, { client, server, says })
}

function* quicSays(
  { dice }: Station,
  host: Host,
  shape: Shape,
  exchanges: Iterable<Exchange>,
): Generator<Say, void, void> {
  const dcid = dice.bytes(8)
  const scid = dice.bytes(8)
  const message = helloMessage(shape, host.name)
  for (let at = 0, number = 1; at < message.length; at += 1000, number++) {
    const frames = crypto(at, message.subarray(at, at + 1000))
    const data = payload(initial({ dcid, number, frames, pad: 1200 }))
    yield { from: 'client', data, wait: at === 0 ? 0 : 40 }
  }
  const answer = initial({
    side: 'server',
    original: dcid,
    dcid: u8(),
    scid,
    frames: crypto(0, serverHello({ cipher: 0x1301, version: 0x0304 })),
  })
  yield { from: 'server', data: payload(answer), wait: host.rtt }
  yield { from: 'server', data: short(1180), wait: 60 }
  yield { from: 'client', data: short(90), wait: 300 }
  for (const { up, down, wait = 0 } of exchanges) {
    yield { from: 'client', data: short(up), wait: wait + 100 }
    for (let left = down, first = true; left > 0; left -= 24_000, first = false) {
      yield { from: 'server', data: short(Math.min(left, 24_000)), wait: first ? host.rtt : 400 }
      yield { from: 'client', data: short(38), wait: 200 }
    }
  }
}

/** Data behind a short header, its key phase and number sealed. */
function short(size: number) {
  return bulk(Math.max(size, 21), concat(u8(0x40 | (size & 0x1f)), someNoise(20, size)))
}
