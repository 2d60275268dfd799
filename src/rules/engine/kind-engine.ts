import { type Program } from '../admission/program.ts'
import { type FieldReader } from '../fields.ts'
import { Budget, type BudgetOptions, type Cost } from './budget.ts'
import { Candidates } from './candidates.ts'
import { type CompiledKind, compileKind } from './compile.ts'

export interface KindOptions {
  /** Whether functions are made as code; else closures. */
  readonly generated: boolean
  readonly budget?: BudgetOptions | undefined
  /** A rule costs too much and looks at no event any more. */
  readonly onDisabled?: ((program: Program, cost: Cost) => void) | undefined
}

/** The rules of one kind of event, compiled. */
export class KindEngine<Event> {
  readonly programs: readonly Program[]
  /** Events looked at, rules asked and rules that matched so far. */
  readonly counts = { events: 0, candidates: 0, matches: 0 }
  readonly #compiled: CompiledKind<Event>
  readonly #candidates: Candidates
  readonly #budget: Budget | undefined
  readonly #onDisabled: KindOptions['onDisabled']
  #list: Int32Array
  /** For those who are told while others still are. */
  readonly #spare: Int32Array[] = []
  #disabled: { rule: number; cost: Cost }[] = []

  constructor(programs: readonly Program[], reader: FieldReader<Event>, options: KindOptions) {
    this.programs = programs
    this.#compiled = compileKind(programs, reader, options.generated)
    const { postings, guarded } = this.#compiled
    this.#candidates = new Candidates(postings, programs.length, guarded)
    this.#list = new Int32Array(programs.length)
    this.#budget = options.budget && new Budget(programs.length, options.budget)
    this.#onDisabled = options.onDisabled
  }

  /** Calls `found` for each program that matches, in their order. */
  match(event: Event, found: (program: Program) => void): void {
    const { matches } = this.counts
    this.#look(event)
    const count = this.counts.matches - matches
    if (count > 0) this.#tell(count, found)
    if (this.#disabled.length > 0) this.#report()
  }

  /** What a rule was measured to cost; undefined without a budget. */
  cost(rule: number): Cost | undefined {
    return this.#budget?.cost(rule)
  }

  /** The rules that match are then the first in the list. */
  #look(event: Event): void {
    const { frame, probe, tests } = this.#compiled
    const list = this.#list
    frame.begin(event)
    this.#candidates.begin(frame.stamp)
    const count = this.#candidates.drain(list, probe(frame, event, this.#candidates))
    const timed = this.#budget?.due ?? false
    let matches = 0
    for (let index = 0; index < count; index++) {
      const rule = list[index] ?? 0
      const hit = timed ? this.#timed(rule) : tests[rule]?.(frame)
      if (hit === true) list[matches++] = rule
    }
    this.counts.events++
    this.counts.candidates += count
    this.counts.matches += matches
  }

  #timed(rule: number): boolean {
    const { frame, tests } = this.#compiled
    const test = tests[rule]
    if (test === undefined || this.#budget === undefined) return false
    return this.#budget.time(
      rule,
      () => test(frame),
      (over, cost) => this.#disable(over, cost),
    )
  }

  #disable(rule: number, cost: Cost): void {
    const { tests } = this.#compiled
    if (tests[rule] === refuse) return
    tests[rule] = refuse
    this.#disabled.push({ rule, cost })
  }

  /** With the list taken away: who hears of it may bring the next event. */
  #tell(count: number, found: (program: Program) => void): void {
    const list = this.#list
    this.#list = this.#spare.pop() ?? new Int32Array(this.programs.length)
    for (let index = 0; index < count; index++) {
      const program = this.programs[list[index] ?? 0]
      if (program !== undefined) found(program)
    }
    this.#spare.push(list)
  }

  #report(): void {
    const disabled = this.#disabled
    this.#disabled = []
    for (const { rule, cost } of disabled) {
      const program = this.programs[rule]
      if (program !== undefined) this.#onDisabled?.(program, cost)
    }
  }
}

const refuse = () => false
