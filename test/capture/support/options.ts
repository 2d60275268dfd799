import { type CaptureOptions } from '../../../src/capture/options.ts'
import { loadConfig } from '../../../src/config/load.ts'

/** The `capture` section with its defaults, and what is given instead. */
export function capture(given: Partial<CaptureOptions> = {}): CaptureOptions {
  const defaults = loadConfig().capture
  return { ...defaults, ring_buffer: 1, ...given }
}
