import * as p from '../generate/packets.ts'
import { type Timed } from './replayed.ts'

export interface Talk {
  readonly at: number
  readonly seconds?: number
  readonly from: string
  readonly to: string
  readonly port: number
  /** What the client says first, then what the server answers; or only how many bytes. */
  readonly said: Uint8Array | number
  readonly answered: Uint8Array | number
}

let port = 30_000

/** A whole TCP connection in which both sides say something. */
export function talk({ at, seconds = 1, from, to, port: service, said, answered }: Talk): Timed[] {
  port = port < 60_000 ? port + 1 : 30_000
  const frames = p.tcpConversation(
    { client: { ip: from, port }, server: { ip: to, port: service } },
    [
      { from: 'client', bytes: bytesOf(said) },
      ...p
        .segmentEvery(bytesOf(answered), 1400)
        .map(({ bytes }) => ({ from: 'server' as const, bytes })),
    ],
  )
  return frames.map((frame, i) => ({ at: at + (seconds * i) / frames.length, frame }))
}

/** Bytes that are of no protocol. */
function bytesOf(what: Uint8Array | number): Uint8Array {
  return typeof what === 'number' ? new Uint8Array(what).fill(0x81) : what
}

export function many(count: number, make: (index: number) => Timed[]): Timed[] {
  return Array.from({ length: count }, (_, index) => make(index)).flat()
}
