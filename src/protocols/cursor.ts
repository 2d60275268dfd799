import { label, latin1 } from './text.ts'

/**
 * Reads big-endian fields one after the other. A read past `end` gives 0 or '' and sets `bad`, which
 * stays set; so a parser reads on like the specification and looks at `bad` once.
 */
export class Cursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  bad = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.at = Math.max(start, 0)
    this.end = Math.min(end, bytes.length)
  }

  get left(): number {
    return this.end - this.at
  }

  /** Passes `count` bytes; their offset, or `end` when there are not that many. */
  take(count: number): number {
    const from = this.at
    if (count < 0 || count > this.end - from) {
      this.bad = true
      this.at = this.end
      return this.end
    }
    this.at = from + count
    return from
  }

  u8(): number {
    const from = this.take(1)
    return this.bad ? 0 : (this.bytes[from] ?? 0)
  }

  u16(): number {
    const from = this.take(2)
    return this.bad ? 0 : ((this.bytes[from] ?? 0) << 8) | (this.bytes[from + 1] ?? 0)
  }

  u32(): number {
    const high = this.u16()
    const low = this.u16()
    return this.bad ? 0 : high * 65_536 + low
  }

  /** The next `count` bytes, one character each. */
  text(count: number): string {
    const from = this.take(count)
    return latin1(this.bytes, from, this.at)
  }

  /** The next `count` bytes as a readable label: see `label`. */
  label(count: number): string {
    const from = this.take(count)
    return label(this.bytes, from, this.at)
  }
}
