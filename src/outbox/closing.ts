import { type Log } from '../operate/log.ts'
import { type Lane } from './lane.ts'

/** Closes a sink, for which it has `ms`; whether it did so in order decides what was delivered. */
export async function closeLane(
  lane: Lane,
  { log, ms }: { readonly log: Log; readonly ms: number },
): Promise<void> {
  const closing = lane.receiver.close?.() ?? Promise.resolve()
  const orderly = closing.then(
    () => true,
    (err: unknown) => {
      log.warn({ err, sink: lane.store.name }, 'the sink did not close in order')
      return false
    },
  )
  lane.closed((await within(orderly, ms)) === true)
}

/** What `promise` gives, or undefined after `ms`: no client is waited for. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when the signal is given; never without one. */
export function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
