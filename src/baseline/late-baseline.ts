import { type Baseline, type Sighting } from './store.ts'

/** A baseline that is read from the disk when it is first asked for something. */
export class LateBaseline implements Baseline {
  readonly #read: () => Baseline
  #baseline: Baseline | undefined

  constructor(read: () => Baseline) {
    this.#read = read
  }

  observe(entity: string, value: string | undefined, time: number): Sighting {
    this.#baseline ??= this.#read()
    return this.#baseline.observe(entity, value, time)
  }

  nearest(entity: string, value: string, count: number): readonly string[] {
    this.#baseline ??= this.#read()
    return this.#baseline.nearest(entity, value, count)
  }

  hold(entity: string, value: string | undefined): void {
    this.#baseline ??= this.#read()
    this.#baseline.hold(entity, value)
  }
}
