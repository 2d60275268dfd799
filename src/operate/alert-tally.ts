import { type Document, type Level, levels } from '../alerts/alert.ts'

/** Rules that are told apart; the rest is under one name. */
const mostRules = 512
const otherRules = 'other'
/** A rule may bear any text as its id; what is no plain word is among the others. */
const plainWord = /^[\w.:-]{1,64}$/

/** How many alerts were raised since the start, by level and by rule. */
export class AlertTally {
  readonly levels: Readonly<Record<Level, number>>
  readonly #levels: Record<Level, number>
  readonly #rules = new Map<string, number>()

  constructor() {
    this.#levels = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 }
    this.levels = this.#levels
  }

  get rules(): ReadonlyMap<string, number> {
    return this.#rules
  }

  count(alert: Document): void {
    const { level } = (alert['labels'] ?? {}) as { level?: unknown }
    const known = levels.find(one => one === level)
    if (known !== undefined) this.#levels[known]++
    const { id } = (alert['rule'] ?? {}) as { id?: unknown }
    if (typeof id !== 'string') return
    const name = this.#nameOf(id)
    this.#rules.set(name, (this.#rules.get(name) ?? 0) + 1)
  }

  #nameOf(id: string): string {
    if (this.#rules.has(id)) return id
    return plainWord.test(id) && this.#rules.size < mostRules ? id : otherRules
  }
}
