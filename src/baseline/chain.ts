/** Links of records in an order: for each record the one before and the one after, plus one. */
export type Links = Uint32Array
/** First and last record of each chain, plus one. */
export type Ends = Uint32Array

/** Puts a record that is in no chain at the end of one. */
export function append(links: Links, ends: Ends, chain: number, record: number): void {
  const last = ends[2 * chain + 1] ?? 0
  links[2 * record] = last
  links[2 * record + 1] = 0
  if (last === 0) ends[2 * chain] = record + 1
  else links[2 * last - 1] = record + 1
  ends[2 * chain + 1] = record + 1
}

/** Takes a record out of its chain. */
export function unlink(links: Links, ends: Ends, chain: number, record: number): void {
  const before = links[2 * record] ?? 0
  const after = links[2 * record + 1] ?? 0
  if (before === 0) ends[2 * chain] = after
  else links[2 * before - 1] = after
  if (after === 0) ends[2 * chain + 1] = before
  else links[2 * after - 2] = before
}

/** The record that has been in the chain for longest; -1 when it is empty. */
export function oldest(ends: Ends, chain: number): number {
  return (ends[2 * chain] ?? 0) - 1
}

/** The last `most` records of a chain, oldest first. */
export function newest(links: Links, ends: Ends, chain: number, most: number): number[] {
  const records: number[] = []
  let record = (ends[2 * chain + 1] ?? 0) - 1
  for (; record >= 0 && records.length < most; record = (links[2 * record] ?? 0) - 1) {
    records.push(record)
  }
  return records.reverse()
}
