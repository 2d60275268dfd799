import { setFlagsFromString } from 'node:v8'

/**
 * Does something that is over before V8's optimiser would pay: to load 5,000 rules it compiles 350
 * functions, which takes as long again as the load, and most of them are not used any more when they
 * are ready. Code that is optimised already stays so. Not for what calls itself again.
 */
export function unoptimised<T>(work: () => T): T {
  if (!optimises) return work()
  setFlagsFromString('--no-opt')
  try {
    return work()
  } finally {
    setFlagsFromString('--opt')
  }
}

/** Who switched the optimiser off for the process does not want it on again. */
const optimises = ![...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some(option =>
  /--(?:jitless|no-?opt|no-?turbofan)\b/.test(option),
)
