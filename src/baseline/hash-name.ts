/** The halves of a hash, signed. */
export interface Halves {
  readonly high: number
  readonly low: number
}

/** Begins the name of what is known by its hash alone; the hash, 16 hexadecimal digits, follows. */
const mark = '\0'

export function hashName({ high, low }: Halves): string {
  const digits = [high, low].map(half => (half >>> 0).toString(16).padStart(8, '0'))
  return mark + digits.join('')
}

export function isHashName(name: string): boolean {
  return name.startsWith(mark)
}

/** Undefined for any other name. */
export function readHashName(name: string): Halves | undefined {
  const [, high, low] = /^\0([0-9a-f]{8})([0-9a-f]{8})$/.exec(name) ?? []
  if (high === undefined || low === undefined) return undefined
  return { high: Number.parseInt(high, 16) | 0, low: Number.parseInt(low, 16) | 0 }
}
