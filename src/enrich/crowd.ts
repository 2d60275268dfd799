/** µs in which newcomers are counted together. */
const window = 60e6
/** More are only told as so many. */
const most = 64

/** Counts who came within a minute, to tell a guest from a flood of made-up cards. Event time only. */
export class Crowd {
  readonly #times: number[] = []

  /** One more at `time` (µs): how many there were in the minute before it, this one included. */
  add(time: number): number {
    const times = this.#times
    times.push(time)
    if (times.length > most) times.shift()
    return times.reduce((count, one) => count + Number(Math.abs(time - one) <= window), 0)
  }
}
