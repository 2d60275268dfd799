import { type Timings } from '../../storage/timings.ts'
import { type Snapshot } from './snapshot.ts'

/** Values are names from the configuration, or words of ours; nothing from the network is one. */
export type Labels = Readonly<Record<string, string>>

interface Named {
  /** Without `orthrus_`, or a name that all programs share. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

/** Metrics of one name. */
export type Family =
  | (Named & {
      readonly type: 'counter' | 'gauge'
      readonly read: (now: Snapshot) => Iterable<readonly [number, Labels?]>
    })
  | (Named & {
      readonly type: 'histogram'
      readonly read: (now: Snapshot) => Iterable<readonly [Timings, Labels?]>
    })

/** One value for each entry of a record, under its name. */
export function* each<T>(
  label: string,
  record: Readonly<Record<string, T>>,
  value: (one: T) => number,
): Generator<readonly [number, Labels]> {
  for (const [name, one] of Object.entries(record)) yield [value(one), { [label]: name }]
}
