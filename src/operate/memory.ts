/** ms after which a start is over and its garbage known as such. */
const SETTLED_MS = 2000

/**
 * Gives back what starting left behind (schemas compiled, devices read: 8 to 20 MB). V8 collects
 * when it allocates, and an idle sensor hardly does. `bin/orthrus` has --expose-gc for this; without
 * it nothing happens.
 */
export function tidyAfterStart(): { cancel(): void } {
  const timer = setTimeout(() => globalThis.gc?.(), SETTLED_MS)
  return { cancel: () => clearTimeout(timer) }
}
