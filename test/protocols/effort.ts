/** Seconds that each fuzz test may take, from FUZZ_SECONDS; 0: a fixed number of runs. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0)

/** Parameters for fast-check: `runs` cases, or as many as fit in FUZZ_SECONDS. */
export function effort(runs: number): { numRuns: number; interruptAfterTimeLimit?: number } {
  if (!(seconds > 0)) return { numRuns: runs }
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 }
}

/** ms a fuzz test may take before it counts as hanging. */
export const patience = 20_000 + 2000 * seconds
