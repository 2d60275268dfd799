import { type HeldValue } from './store.ts'

/** More are not kept: they are not learned either, and cannot be approved. */
const most = 4096

interface Held extends HeldValue {
  firstSeen: number
  lastSeen: number
  events: number
  readonly number: number
}

/** What one baseline does not learn until somebody approves of it. */
export class HeldValues {
  readonly #held = new Map<string, Held>()
  readonly #changed: (number: number, held: HeldValue | undefined) => void
  readonly #seen = new Set<Held>()
  #next = 0

  /** `changed` is told of each under a number of its own, and of its end. */
  constructor(changed: (number: number, held: HeldValue | undefined) => void = () => undefined) {
    this.#changed = changed
  }

  get size(): number {
    return this.#held.size
  }

  /** Whether it is held back; then it has been seen once more. */
  see(entity: string, value: string | undefined, time: number): boolean {
    const held = this.#held.get(nameOf(entity, value))
    if (held === undefined) return false
    held.events++
    held.lastSeen = Math.max(held.lastSeen, time)
    this.#seen.add(held)
    return true
  }

  /** Tells of those that were seen since they were told of last. */
  save(): void {
    for (const held of this.#seen) this.#changed(held.number, held)
    this.#seen.clear()
  }

  add(held: HeldValue): void {
    const name = nameOf(held.entity, held.value)
    if (this.#held.size >= most || this.#held.has(name)) return
    const number = this.#next++
    this.#held.set(name, { ...held, number })
    this.#changed(number, held)
  }

  /** Takes one back as it was stored under that number. */
  restore(held: HeldValue, number: number): void {
    this.#next = Math.max(this.#next, number + 1)
    this.#held.set(nameOf(held.entity, held.value), { ...held, number })
  }

  /** Takes out what is held of the entity: all, or that value. */
  take(entity: string, value?: string): HeldValue[] {
    const taken = [...this.#held.values()].filter(
      one => one.entity === entity && (value === undefined || one.value === value),
    )
    for (const one of taken) {
      this.#held.delete(nameOf(one.entity, one.value))
      this.#seen.delete(one)
      this.#changed(one.number, undefined)
    }
    return taken
  }

  *[Symbol.iterator](): Iterator<HeldValue> {
    for (const { number: _, ...held } of this.#held.values()) yield held
  }
}

/** What `HeldValues` told to be stored; undefined for anything else. */
export function readHeld(bytes: Uint8Array): HeldValue | undefined {
  try {
    const held: unknown = JSON.parse(bytes.toString())
    return isHeld(held) ? held : undefined
  } catch {
    return undefined
  }
}

function isHeld(held: unknown): held is HeldValue {
  if (typeof held !== 'object' || held === null) return false
  const { entity, value, firstSeen, lastSeen, events } = held as Readonly<Record<string, unknown>>
  const numbers = [firstSeen, lastSeen, events]
  if (typeof entity !== 'string' || !['string', 'undefined'].includes(typeof value)) return false
  return numbers.every(number => typeof number === 'number')
}

function nameOf(entity: string, value: string | undefined): string {
  return value === undefined ? entity : `${entity}\0${value}`
}
