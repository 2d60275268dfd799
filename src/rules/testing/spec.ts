import { type Node, type Source } from '../yaml/node.ts'

/** How many alerts there must be, and what is in them. */
export interface Expectation {
  readonly least: number
  readonly most: number
  readonly level: string | undefined
  /** Dotted names in the alert's event, and their values. */
  readonly fields: ReadonlyMap<string, unknown>
  /** Selections that are true of the (last) event. */
  readonly matched: readonly string[]
}

/** One event of a test at a moment of the virtual clock; `expect` only where the test says so. */
export interface Step {
  /** µs since the start of the test. */
  readonly at: number
  readonly event: object
  readonly expect: Expectation | undefined
  readonly offset: number
}

/** A file of events; the path is seen from the folder of the rule. */
export interface EventFile {
  readonly form: 'ndjson' | 'json' | 'pcap'
  readonly file: string
}

/** A test of one rule. */
export interface RuleTest {
  readonly name: string
  readonly source: Source
  readonly offset: number
  /** The events in the order of time; those of a file are read when the test runs. */
  readonly steps: readonly Step[] | EventFile
  /** Of all alerts of the test. */
  readonly expect: Expectation | undefined
  /** The selection that alone keeps the event from matching. */
  readonly because: string | undefined
}

/** The unchecked tests of a rule: in its file or beside it. */
export interface TestNode {
  readonly source: Source
  readonly node: Node
}
