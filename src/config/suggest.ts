/** Of a longer word nobody sees at once what is wrong with it, and comparing takes its square. */
const longestWord = 64

/** The candidate that was most likely meant, or `undefined` when none is close. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let least = limit + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue
    const distance = edits(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Optimal string alignment: insertions, deletions, substitutions, swapped neighbours. */
function edits(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(cost(a, b, i, j, [before, row, next]))
    ;[before, row] = [row, next]
  }
  return row[b.length] ?? 0
}

function cost(a: string, b: string, i: number, j: number, rows: [number[], number[], number[]]) {
  const [before, row, next] = rows
  const changed = a[i - 1] === b[j - 1] ? 0 : 1
  const least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + changed)
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
  return swapped ? Math.min(least, (before[j - 2] ?? 0) + 1) : least
}
