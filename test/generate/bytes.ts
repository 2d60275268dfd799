/** What a builder takes as content: text is UTF-8. */
export type Bytes = Uint8Array | string

/**
 * A protocol layer that the layer below can carry: its bytes and the numbers by which it is
 * announced. `checksumAt` marks a checksum over the pseudo header, filled in by IP.
 */
export interface Layer {
  readonly bytes: Uint8Array
  readonly etherType?: number
  readonly protocol?: number
  readonly checksumAt?: number
}

/** Content of a layer: another layer, raw bytes or text. */
export type Content = Layer | Bytes

const encoder = new TextEncoder()

/** Raw bytes of a layer, of text or of bytes. */
export function raw(content: Content): Uint8Array {
  if (typeof content === 'string') return encoder.encode(content)
  return content instanceof Uint8Array ? content : content.bytes
}

/** The layer around some content; raw bytes announce nothing. */
export function layerOf(content: Content): Layer {
  if (typeof content === 'string' || content instanceof Uint8Array) return { bytes: raw(content) }
  return content
}

/** Joins parts into one new array. */
export function concat(...parts: readonly Content[]): Uint8Array {
  const list = parts.map(raw)
  const out = new Uint8Array(list.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of list) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Unsigned 8-bit numbers, one byte each. */
export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

/** Unsigned 16-bit numbers, network order. */
export function u16(...values: readonly number[]): Uint8Array {
  return concat(...values.map(value => u8(value >>> 8, value)))
}

/** Unsigned 24-bit number, network order. */
export function u24(value: number): Uint8Array {
  return u8(value >>> 16, value >>> 8, value)
}

/** Unsigned 32-bit numbers, network order. */
export function u32(...values: readonly number[]): Uint8Array {
  return concat(...values.map(value => u8(value >>> 24, value >>> 16, value >>> 8, value)))
}

/** Unsigned 64-bit number, network order. */
export function u64(value: bigint): Uint8Array {
  return u32(Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn))
}

/** `length` bytes of one value. */
export function fill(length: number, value = 0): Uint8Array {
  return new Uint8Array(length).fill(value)
}

/** `length` bytes that look random but are the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const next = random(seed)
  return Uint8Array.from({ length }, () => next() * 256)
}

/** Bytes written as hexadecimal; other characters are ignored. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/[^0-9a-f]/gi, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}

/** `02:00:00:00:00:01` as six bytes. */
export function mac(text: string): Uint8Array {
  return hex(text)
}

/** An IPv4 or IPv6 address as 4 or 16 bytes; raw bytes are passed through. */
export function ip(address: string | Uint8Array): Uint8Array {
  if (typeof address !== 'string') return address
  return address.includes(':') ? ip6(address) : u8(...address.split('.').map(Number))
}

function ip6(text: string): Uint8Array {
  const [head = '', tail] = text.split('::')
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const gap = tail === undefined ? [] : new Array<number>(8 - left.length - right.length).fill(0)
  return u16(...left, ...gap, ...right)
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}

/** Internet checksum (RFC 1071) over the parts, as if they were one. */
export function checksum(...parts: readonly Uint8Array[]): number {
  const bytes = parts.length === 1 && parts[0] ? parts[0] : concat(...parts)
  let sum = 0
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  if (bytes.length % 2 === 1) sum += (bytes[bytes.length - 1] ?? 0) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
