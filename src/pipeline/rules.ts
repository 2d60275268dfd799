import { type Document, type Observer } from '../alerts/alert.ts'
import { type EventContext } from '../alerts/ecs/context.ts'
import { type Fields } from '../alerts/ecs/document.ts'
import { eventDocument } from '../alerts/ecs.ts'
import { noticeAlert, ruleAlert, suppressedAlert } from '../alerts/rule-alert.ts'
import { type Novelty } from '../baseline/novelty-log.ts'
import { faultLine } from '../config/fault.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import { type EngineCounts } from '../rules/engine/indexed.ts'
import { type RuleFault } from '../rules/fault.ts'
import { type Finding } from '../rules/finding.ts'
import { loadRules } from '../rules/load.ts'
import { configuredRules } from '../rules/paths.ts'
import { type ReloadReport } from '../rules/reload.ts'
import { compileRules, type RuleSet } from '../rules/ruleset.ts'
import { type RuleEvent } from '../rules/slots/context.ts'
import { eventReaders } from '../rules/slots/event.ts'
import { type Knowledge } from './knowledge.ts'

/** What a rule may cost an event on average before it is switched off: a hundred times the usual. */
const BUDGET_NS = 20_000
/** µs of event time between two writings of what is open. */
const SAVE_AFTER = 60e6

export interface RunnerOptions {
  readonly config: Config
  readonly context: EventContext
  readonly observer: Observer
  /** Takes an alert, in the turn of the event that caused it; its document is ECS. */
  readonly raise: (alert: Document) => void
  /** µs instead of every learning period; 0 alerts from the first event. */
  readonly learn?: number | undefined
  /** Whether a rule that costs too much is switched off: not in a replay, which must repeat itself. */
  readonly budget: boolean
  readonly knowledge: Knowledge
}

/** Rules at work on the stream of events. */
export class RuleRunner {
  readonly #options: RunnerOptions
  readonly #found = (finding: Finding<RuleEvent>) => this.#alert(finding)
  #rules: RuleSet<RuleEvent>
  #saved = Number.NEGATIVE_INFINITY

  /** Loads what the configuration names; faults are in `faults`, the rest runs. */
  constructor(options: RunnerOptions) {
    this.#options = options
    this.#rules = load(options)
    this.#rules.importState(options.knowledge.windows.load())
  }

  get size(): number {
    return this.#rules.size
  }

  get counts(): EngineCounts {
    return this.#rules.counts
  }

  get faults(): readonly RuleFault[] {
    return this.#rules.faults
  }

  take(event: RuleEvent): void {
    this.#rules.evaluate(event, this.#found)
  }

  /** Event time, µs, has come so far. */
  advance(time: number): void {
    const { observer, raise, knowledge } = this.#options
    const damage = knowledge.damageAlert(observer)
    if (damage !== undefined) raise(damage)
    this.#rules.advance(time, summary => {
      // Of what is not told itself, nobody needs to know how often it was not told.
      if (summary.level === 'informational') return
      raise(suppressedAlert(summary, observer))
    })
    if (time - this.#saved < SAVE_AFTER) return
    this.#saved = time
    this.save()
  }

  /** Writes what is open, for a restart. */
  save(): void {
    this.#options.knowledge.windows.save(this.#rules.exportState())
  }

  /**
   * Reads the rules anew, between two events. With an error that the old set had not, wherever in its
   * file, the old set stays, and the new errors are returned.
   */
  reload(): { readonly report: ReloadReport } | { readonly faults: readonly RuleFault[] } {
    const known = new Set(this.#rules.faults.map(({ file, message }) => `${file} ${message}`))
    const next = load(this.#options)
    const faults = next.faults.filter(
      ({ file, message, severity }) => severity === 'error' && !known.has(`${file} ${message}`),
    )
    if (faults.length > 0) return { faults }
    const report = next.replace(this.#rules)
    this.#rules = next
    return { report }
  }

  #alert(finding: Finding<RuleEvent>): void {
    // Sigma: informational matches are there to be correlated, not to be looked at.
    if (finding.level === 'informational') return
    const { raise, knowledge, context } = this.#options
    const alert = ruleAlert(finding, eventDocument(finding.event, context))
    raise(alert)
    if (finding.baseline !== undefined) knowledge.novelties.add(noveltyOf(alert, finding.time))
  }
}

/** What `checkStrict` has read, for the runner that starts after it. */
const checked = new WeakMap<Config['rules'], ReturnType<typeof loadRules>>()

/**
 * With `rules.strict`, throws RULES_INVALID when a rule has a fault: before anything is opened that
 * would have to be closed again.
 */
export function checkStrict({ rules }: Config): void {
  if (!rules.strict) return
  const plan = planOf(rules)
  const faults = plan.set.faults.filter(({ severity }) => severity === 'error')
  if (faults.length === 0) {
    checked.set(rules, plan)
    return
  }
  const head = `${faults.length === 1 ? 'a rule has a fault' : `rules have ${faults.length} faults`}, and strict is asked for`
  throw new SensorError('RULES_INVALID', [head, ...faults.map(faultLine)].join('\n'))
}

function planOf(rules: Config['rules']) {
  const placeholders = new Map(Object.entries(rules.placeholders))
  return loadRules(configuredRules(rules), { placeholders })
}

function load(options: RunnerOptions): RuleSet<RuleEvent> {
  const { config, context, observer, raise, learn, budget, knowledge } = options
  const plan = checked.get(config.rules) ?? planOf(config.rules)
  checked.delete(config.rules)
  const document = (event: RuleEvent): Fields => eventDocument(event, context)
  return compileRules<RuleEvent>(plan, {
    readerOf: eventReaders({ ...context, document }),
    kindOf: event => event.kind,
    timeOf: timeOf,
    index: config.rules.index,
    learn,
    baselines: knowledge.baselines,
    ...(budget && { budget: { nanoseconds: BUDGET_NS } }),
    onNotice: notice => raise(noticeAlert(notice, observer)),
  })
}

/** What an alert about something new leaves for whoever asks later. */
function noveltyOf(alert: Fields, time: number): Novelty {
  const part = (name: string) => (alert[name] ?? {}) as Fields
  return {
    id: String(part('event')['id']),
    time,
    message: String(alert['message']),
    rule: part('rule'),
    baseline: (part('orthrus')['baseline'] ?? {}) as Fields,
  }
}

/** µs of event time. */
function timeOf(event: RuleEvent): number {
  return event.kind === 'device' || event.kind === 'signal' ? event.time : event.packet.time
}

/** Says what a reload brought, or why there was none. */
export function tellReload(outcome: ReturnType<RuleRunner['reload']>, log: Log): void {
  if ('report' in outcome) {
    log.info(reloadText(outcome.report))
    return
  }
  for (const fault of outcome.faults) log.error(faultLine(fault))
  log.error('the rules stay as they were')
}

function reloadText({ added, removed, changed, unchanged }: ReloadReport): string {
  const parts = [
    ['added', added],
    ['removed', removed],
    ['changed', changed],
  ] as const
  const news = parts.filter(([, keys]) => keys.length > 0)
  const texts = news.map(([what, keys]) => `${what} ${keys.slice(0, 10).join(', ')}`)
  return `rules read anew: ${[...texts, `${unchanged} unchanged`].join('; ')}`
}
