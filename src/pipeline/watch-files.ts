import { type FSWatcher, watch } from 'node:fs'

/** An editor writes a file in several steps; one change is told for all of them. */
const CALM_MS = 300

/** Calls `changed` when something in the files and folders changes; what cannot be watched is not. */
export function watchFiles(paths: readonly string[], changed: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    clearTimeout(timer)
    timer = setTimeout(changed, CALM_MS)
  }
  const watchers = paths.flatMap(path => watcherOf(path, tell))
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function watcherOf(path: string, tell: () => void): FSWatcher[] {
  try {
    // An error ends the watching of this path: SIGHUP still reads it anew.
    return [watch(path, { recursive: true, persistent: false }, tell).on('error', () => undefined)]
  } catch {
    return [] // it does not exist: loading the rules has said so
  }
}
