/** What goes on for a while: yields the time, µs, at which it wants to go on. */
export type Process = Generator<number, void, void>

interface Entry {
  time: number
  order: number
  readonly process: Process
}

/** Runs processes in the order of time; those of the same time in the order in which they asked. */
export class Schedule {
  readonly #heap: Entry[] = []
  #order = 0
  /** Time of the process that runs, µs since the epoch. */
  now = 0

  /** Starts a process at `time`, at the earliest now. */
  spawn(time: number, process: Process): void {
    const heap = this.#heap
    heap.push({ time: Math.max(time, this.now), order: this.#order++, process })
    this.#up(heap.length - 1)
  }

  /** Runs what is due next, unless that is at or after `end`; false when nothing is left. */
  step(end: number): boolean {
    const [top] = this.#heap
    if (top === undefined || top.time >= end) return false
    this.now = top.time
    const { value, done } = top.process.next()
    // What it started comes after it, so it is still the first.
    if (done === true || value === undefined) this.#remove(top)
    else {
      top.time = Math.max(Math.round(value), this.now)
      top.order = this.#order++
      this.#down(0)
    }
    return true
  }

  #remove(entry: Entry): void {
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#heap[0] = last
    this.#down(0)
  }

  #up(start: number): void {
    const heap = this.#heap
    let at = start
    const entry = heap[at] as Entry
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Entry
      if (!isBefore(entry, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #down(start: number): void {
    const heap = this.#heap
    let at = start
    const entry = heap[at] as Entry
    for (;;) {
      let below = 2 * at + 1
      let child = heap[below]
      if (child === undefined) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below++
      }
      if (!isBefore(child, entry)) break
      heap[at] = child
      at = below
    }
    heap[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
