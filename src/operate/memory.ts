import { trimHeap } from '../capture/libc.ts'

/**
 * ms: V8 has compiled what the start needs; its own threads have freed what the first one found; and
 * so little was made since that the space for young objects, 16 MB of it, is given back as well.
 */
const STEPS = [2000, 12_000, 24_000]
/** ms from a collection until V8's threads have freed what it found. */
const FREED = 1000

/**
 * Gives back what starting left behind (schemas compiled, devices read: 10 to 20 MB). V8 collects
 * when it allocates, and an idle sensor hardly does. `bin/orthrus` has --expose-gc for this; without
 * it only the C library's share is given back.
 */
export function tidyAfterStart(): { cancel(): void } {
  const timers = STEPS.flatMap(ms => [
    setTimeout(() => globalThis.gc?.(), ms),
    setTimeout(trimHeap, ms + FREED),
  ])
  return { cancel: () => timers.forEach(timer => void clearTimeout(timer)) }
}
