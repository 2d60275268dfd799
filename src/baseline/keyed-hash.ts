/** Rounds after the last word for each half of the result. */
const finalRounds = 3

/**
 * HalfSipHash-1-3 with 64 bits of key and of result (Aumasson, Bernstein: SipHash, 2012; the reduced
 * rounds are those of Linux' hsiphash): whoever does not know the key cannot make values collide.
 */
export class KeyedHash {
  /** The result of the last call, as two signed halves: V8 keeps them without a box. */
  high = 0
  low = 0
  readonly #key0: number
  readonly #key1: number
  #v0 = 0
  #v1 = 0
  #v2 = 0
  #v3 = 0

  /** `secret`: 8 bytes. */
  constructor(secret: Uint8Array) {
    const view = new DataView(secret.buffer, secret.byteOffset, 8)
    this.#key0 = view.getInt32(0, true)
    this.#key1 = view.getInt32(4, true)
  }

  /** Hashes the UTF-16 units of a text: as bytes when all of them fit, else two a word. */
  of(text: string): void {
    const { length } = text
    this.#begin(0)
    let all = 0
    let at = 0
    for (; at + 4 <= length; at += 4) {
      const one = text.charCodeAt(at)
      const two = text.charCodeAt(at + 1)
      const three = text.charCodeAt(at + 2)
      const four = text.charCodeAt(at + 3)
      all |= one | two | three | four
      this.#round(one | (two << 8) | (three << 16) | (four << 24))
    }
    let word = length << 24
    for (let shift = 0; at < length; at++, shift += 8) {
      all |= text.charCodeAt(at)
      word ^= text.charCodeAt(at) << shift
    }
    if (all > 0xff) this.#wide(text)
    else this.#end(word)
  }

  #wide(text: string): void {
    // Marked, so that no text of bytes is the same words.
    this.#begin(0x77696465)
    for (let at = 0; at < text.length; at += 2) {
      const second = at + 1 < text.length ? text.charCodeAt(at + 1) : 0
      this.#round(text.charCodeAt(at) | (second << 16))
    }
    this.#end(text.length)
  }

  #begin(mark: number): void {
    this.#v0 = this.#key0
    this.#v1 = this.#key1 ^ 0xee
    this.#v2 = 0x6c796765 ^ this.#key0 ^ mark
    this.#v3 = 0x74656462 ^ this.#key1
  }

  #round(word: number): void {
    let v0 = this.#v0
    let v1 = this.#v1
    let v2 = this.#v2
    let v3 = this.#v3 ^ word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    this.#v0 = v0 ^ word
    this.#v1 = v1
    this.#v2 = v2
    this.#v3 = v3
  }

  #end(word: number): void {
    this.#round(word)
    this.#v2 ^= 0xee
    for (let count = 0; count < finalRounds; count++) this.#round(0)
    this.high = this.#v1 ^ this.#v3
    this.#v1 ^= 0xdd
    for (let count = 0; count < finalRounds; count++) this.#round(0)
    this.low = this.#v1 ^ this.#v3
  }
}
