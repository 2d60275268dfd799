import { trimHeap } from '../capture/libc.ts'

/** ms: V8 has compiled what the start needs; V8's own threads have freed what the first one found. */
const STEPS = [2000, 12_000]

/**
 * Gives back what starting left behind (schemas compiled, devices read: 10 to 20 MB). V8 collects
 * when it allocates, and an idle sensor hardly does. `bin/orthrus` has --expose-gc for this; without
 * it only the C library's share is given back.
 */
export function tidyAfterStart(): { cancel(): void } {
  const timers = STEPS.map(ms => setTimeout(tidy, ms))
  return { cancel: () => timers.forEach(timer => void clearTimeout(timer)) }
}

function tidy(): void {
  globalThis.gc?.()
  trimHeap()
}
