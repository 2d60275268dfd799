import { type ReplayProgress } from '../capture/replay.ts'

export interface ProgressBar {
  update(progress: ReplayProgress): void
  /** Takes the bar off the screen. */
  clear(): void
}

const WIDTH = 24
/** Short replays need no bar. */
const PATIENCE_MS = 500
const PAUSE_MS = 100

/** How far a replay is, on a terminal; nothing anywhere else. */
export function progressBar(stream: NodeJS.WriteStream): ProgressBar {
  const begun = Date.now()
  let drawn = 0
  return {
    update({ bytes, total, packets }) {
      const now = Date.now()
      if (!stream.isTTY || now - begun < PATIENCE_MS || now - drawn < PAUSE_MS) return
      drawn = now
      const rate = packets / Math.max(0.001, (now - begun) / 1000)
      stream.write(`\r\x1b[K${bar(bytes, total)} ${millions(packets)} packets, ${millions(rate)}/s`)
    },
    clear() {
      if (drawn > 0) stream.write('\r\x1b[K')
    },
  }
}

function bar(bytes: number, total: number | undefined): string {
  if (total === undefined || total === 0) return `${(bytes / 2 ** 20).toFixed(0)} MiB`
  const share = Math.min(1, bytes / total)
  const full = Math.round(share * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.floor(share * 100)} %`
}

function millions(count: number): string {
  return count < 1e6 ? String(Math.round(count)) : `${(count / 1e6).toFixed(1)} M`
}
