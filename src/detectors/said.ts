import { Bounded, type Kept } from './bounded.ts'
import { type SignalFacts } from './signal.ts'
import { textKey } from './text-hash.ts'

const hour = 3600e6
/** Score from which a signal is likely to be an alert by the rules that are shipped. */
const sure = 0.6
const most = 4096

interface Entity extends Kept {
  /** When each signal about it was said last, µs, by its name. */
  readonly names: Map<string, number>
}

/** Which signals were said of whom in the last two hours, so that nobody is told of the same thing twice. */
export class Said {
  readonly #entities = new Bounded<Entity>({ limit: most, idle: () => 2 * hour })

  add({ name, entity, score }: SignalFacts, time: number): void {
    if (score < sure) return
    const known = this.#entities.touch(textKey(entity), time)
    if (known !== undefined) known.names.set(name, time)
    else this.#entities.add(textKey(entity), { names: new Map([[name, time]]), last: time }, time)
  }

  /** Names of the signals that were said of the entity since then (µs), surely. */
  since(entity: string, then: number, time: number): readonly string[] {
    const names = this.#entities.get(textKey(entity), time)?.names ?? []
    return [...names].flatMap(([name, at]) => (at >= then ? [name] : []))
  }

  advance(time: number): void {
    this.#entities.advance(time)
  }
}
