import { Value } from 'typebox/value'
import { type CaptureOptions, captureOptions } from '../../../src/capture/options.ts'

/** The `capture` section with its defaults, and what is given instead. */
export function capture(given: Partial<CaptureOptions> = {}): CaptureOptions {
  const defaults = Value.Default(captureOptions, {}) as CaptureOptions
  return { ...defaults, ring_buffer: 1, ...given }
}
