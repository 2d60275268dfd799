import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, random, u8 } from './bytes.ts'
import { segmentEvery, tcpConversation } from './conversation.ts'
import { conversationFrames, datagramFrames, headerFrames } from './examples.ts'
import { bigHello, serverFlight, tlsRecords } from './tls.ts'

// node seeds.js FOLDER: writes the first inputs of `make fuzz` (see struct seed in bpf/fuzz.c).

const ETHERNET = 0
const RAW = 4
const SLL = 6
const SLL2 = 7
const ETHERNET_HEADER = 14
const SWEEP = 0x80
/** Modes of bpf/fuzz.c in several combinations. */
const MODES = [0, 1, 2, 6, 8]

function packet(bytes: Uint8Array, link: number, step: number, more = 0): Uint8Array {
  return concat(u8(bytes.length, bytes.length >> 8, more, more >> 8, link, step), bytes)
}

/** The frame in other link types: cooked headers keep its EtherType. */
function cooked(frame: Uint8Array): Uint8Array[] {
  const type = frame.subarray(12, 14)
  const content = frame.subarray(ETHERNET_HEADER)
  const first = concat(u8(0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0), type, content)
  const second = concat(type, u8(0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0), content)
  return [packet(first, SLL, 20), packet(second, SLL2, 20), packet(content, RAW, 20)]
}

function conversations(): Record<string, Uint8Array[]> {
  const client = { ip: '10.0.0.1', port: 40_000 }
  const server = { ip: '10.0.0.2', port: 443 }
  const hello = tlsRecords(bigHello())
  const flight = serverFlight()
  const next = random(1)
  const shuffled = segmentEvery(hello, 900).sort(() => next() - 0.5)
  return {
    ...conversationFrames(),
    'tls-shuffled': tcpConversation({ client, server, clientSeq: 2 ** 32 - 500 }, [
      { from: 'client', bytes: hello, segments: shuffled },
      { from: 'server', bytes: flight, segments: segmentEvery(flight, 400).reverse() },
    ]),
  }
}

/** All seeds by name. */
export function seeds(): Record<string, Uint8Array> {
  const out: Record<string, Uint8Array> = {}
  for (const [name, frame] of Object.entries({ ...headerFrames(), ...datagramFrames() })) {
    out[name] = concat(u8(0), packet(frame, ETHERNET, 20))
    out[`${name}-cut`] = concat(u8(0), packet(frame.subarray(0, -4), ETHERNET, 20, 4))
    out[`${name}-cooked`] = concat(u8(0), ...cooked(frame))
  }
  for (const [name, frames] of Object.entries(conversations())) {
    const packets = frames.map((frame, i) => packet(frame, ETHERNET, i % 4 === 3 ? 20 | SWEEP : 20))
    for (const mode of MODES) out[`${name}-${mode}`] = concat(u8(mode), ...packets)
  }
  return out
}

const [folder] = process.argv.slice(2)
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(seeds())) writeFileSync(join(folder, name), bytes)
}
