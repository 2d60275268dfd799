/** The `count` texts that are most like `text` but not it, best first. */
export function mostLike(texts: readonly string[], text: string, count: number): string[] {
  return texts
    .filter(one => one !== text)
    .map(one => ({ one, score: likeness(one, text) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count)
    .map(({ one }) => one)
}

/** How much two texts have in common at both ends, 0 to 1. */
export function likeness(one: string, other: string): number {
  const most = Math.min(one.length, other.length)
  let start = 0
  while (start < most && one.charCodeAt(start) === other.charCodeAt(start)) start++
  let end = 0
  const left = most - start
  while (end < left && one.at(-1 - end) === other.at(-1 - end)) end++
  return (start + end) / Math.max(one.length, other.length, 1)
}
