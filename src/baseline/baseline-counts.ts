/** How full the baselines are, and what they had no room for. */
export interface BaselineCounts {
  /** Baselines that are open. */
  readonly open: number
  /** Values of all their entities, and the most that there may be. */
  readonly values: number
  readonly limit: number
  readonly refused: number
  /** Records that were damaged on the disk and are forgotten. */
  readonly damaged: number
}
