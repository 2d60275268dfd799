import { larger } from '../baseline/table.ts'

/** Starts and sizes that are kept of a pair. */
const depth = 96
const hours = 24
const hour = 3600 * 1e6

/**
 * What is kept of each pair that may be a beacon: its last connections, and how many there were in
 * each of the last 24 hours. Columns that grow; 1 KB a ring. Times are µs of event time.
 */
export class BeaconRings {
  readonly #limit: number
  #capacity = 0
  #starts = new Float64Array()
  #sizes = new Float64Array()
  #counts = new Uint32Array()
  #hourly = new Uint32Array()
  #hour = new Uint32Array()
  #used = 0
  readonly #free: number[] = []
  readonly names: (string | undefined)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#used - this.#free.length
  }

  /** An empty ring, -1 when all are in use. */
  claim(): number {
    const ring = this.#free.pop() ?? (this.#used < this.#limit ? this.#used++ : -1)
    if (ring < 0) return -1
    if (ring >= this.#capacity) this.#grow()
    this.#counts[ring] = 0
    this.#hour[ring] = 0
    this.#hourly.fill(0, ring * hours, (ring + 1) * hours)
    this.names[ring] = undefined
    return ring
  }

  release(ring: number): void {
    this.names[ring] = undefined
    this.#free.push(ring)
  }

  /** A connection that began at `start` and sent `bytes`. */
  add(ring: number, start: number, bytes: number): void {
    const count = this.#counts[ring] ?? 0
    const at = ring * depth + (count % depth)
    this.#starts[at] = start
    this.#sizes[at] = bytes
    this.#counts[ring] = count + 1
    this.#pass(ring, Math.floor(start / hour))
    const bin = ring * hours + (Math.floor(start / hour) % hours)
    this.#hourly[bin] = (this.#hourly[bin] ?? 0) + 1
  }

  /** Connections since the ring was claimed. */
  count(ring: number): number {
    return this.#counts[ring] ?? 0
  }

  /** The last starts in ascending order, s; and the sizes, bytes. */
  series(ring: number): { readonly starts: Float64Array; readonly sizes: Float64Array } {
    const from = ring * depth
    const to = from + Math.min(depth, this.count(ring))
    const starts = this.#starts.slice(from, to).sort()
    for (let at = 0; at < starts.length; at++) starts[at] = (starts[at] ?? 0) / 1e6
    return { starts, sizes: this.#sizes.subarray(from, to) }
  }

  /** Connections by hour, the present one last. */
  hourly(ring: number): number[] {
    const now = this.#hour[ring] ?? 0
    return Array.from({ length: hours }, (_, index) => {
      return this.#hourly[ring * hours + ((now + 1 + index) % hours)] ?? 0
    })
  }

  #pass(ring: number, now: number): void {
    const before = this.#hour[ring] ?? 0
    if (now <= before) return
    for (let one = Math.max(before + 1, now - hours + 1); one <= now; one++) {
      this.#hourly[ring * hours + (one % hours)] = 0
    }
    this.#hour[ring] = now
  }

  #grow(): void {
    this.#capacity = Math.min(this.#limit, Math.max(64, this.#capacity * 2))
    this.#starts = larger(this.#starts, new Float64Array(this.#capacity * depth))
    this.#sizes = larger(this.#sizes, new Float64Array(this.#capacity * depth))
    this.#counts = larger(this.#counts, new Uint32Array(this.#capacity))
    this.#hourly = larger(this.#hourly, new Uint32Array(this.#capacity * hours))
    this.#hour = larger(this.#hour, new Uint32Array(this.#capacity))
  }
}
