import { setFlagsFromString } from 'node:v8'

let off = false

/**
 * Does something that is over before V8's optimiser would pay: to load 5,000 rules it compiles 350
 * functions, which takes as long again as the load, and most of them are not used any more when they
 * are ready. Code that is optimised already stays so.
 */
export function unoptimised<T>(work: () => T): T {
  return switched(true, work)
}

/** What inside of that is heavy enough to pay. */
export function optimised<T>(work: () => T): T {
  return switched(false, work)
}

function switched<T>(wanted: boolean, work: () => T): T {
  if (off === wanted || !optimises) return work()
  set(wanted)
  try {
    return work()
  } finally {
    set(!wanted)
  }
}

function set(wanted: boolean): void {
  setFlagsFromString(wanted ? '--no-opt' : '--opt')
  off = wanted
}

/** Who switched the optimiser off for the process does not want it on again. */
const optimises = ![...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some(option =>
  /--(?:jitless|no-?opt|no-?turbofan)\b/.test(option),
)
