import { type BaselineStore } from '../baseline/store.ts'
import { type CorrelationRule, type DetectionRule } from './ast.ts'
import { type BaselineFinding, type BaselineObserver } from './baseline/rule.ts'
import { type Correlation, type CorrelationFinding } from './correlate/correlation.ts'
import { type Subject } from './correlate/subject.ts'
import { type Cost } from './engine/budget.ts'
import { type EventFields } from './event-fields.ts'
import { quote } from './fault.ts'
import { type Emit, type Notice, type Summary } from './finding.ts'
import { aboutOf, Identities } from './identity.ts'
import { type Kind } from './mapping/kind.ts'
import { EventMoment, type Moment } from './moment.ts'
import { silenceKey, type Unit } from './unit.ts'

type AnyRule = DetectionRule | CorrelationRule

/** What a baseline or a correlation adds to a match. */
interface Facts {
  readonly baseline?: BaselineFinding
  readonly correlation?: CorrelationFinding
}

const second = 1e6

/** A rule at work, and where what its baseline finds goes. */
interface Way {
  readonly unit: Unit
  readonly observer: BaselineObserver
}

/** The way of a match: baseline, correlations, silence, alert. */
export class MatchFlow<Event> {
  readonly #units: ReadonlyMap<AnyRule, Unit>
  readonly #ways: ReadonlyMap<AnyRule, Way>
  readonly #fields: EventFields<Event>
  readonly #store: BaselineStore
  readonly #notice: (notice: Notice) => void
  readonly #learns: boolean
  /** Of the event at hand, and of those that wait until one inside them is over. */
  readonly #moments: EventMoment<Event>[] = []
  #depth = 0
  readonly #identities = new Identities()
  #sequence = 0
  #time = 0
  #closed = Number.NEGATIVE_INFINITY

  constructor(
    units: ReadonlyMap<AnyRule, Unit>,
    fields: EventFields<Event>,
    store: BaselineStore,
    notice: (notice: Notice) => void = () => undefined,
  ) {
    this.#units = units
    this.#ways = new Map(Array.from(units, ([rule, unit]) => [rule, this.#wayOf(unit)]))
    this.#fields = fields
    this.#store = store
    this.#notice = notice
    this.#learns = [...units.values()].some(({ baseline }) => baseline !== undefined)
  }

  /** A new event, of that time (µs). */
  begin(event: Event, kind: Kind, time: number, emit: Emit<Event>): void {
    const sequence = ++this.#sequence
    this.#time = time
    if (this.#learns) this.#store.advance(time)
    const moment = this.#moments[this.#depth]
    if (moment !== undefined) moment.begin(sequence, event, kind, time, emit)
    else this.#moments.push(new EventMoment(this.#fields, sequence, event, kind, time, emit))
    this.#depth++
  }

  /** A rule matches the event at hand. */
  matched(rule: AnyRule): void {
    const way = this.#ways.get(rule)
    const moment = this.#moment
    if (way === undefined || moment === undefined) return
    if (way.unit.baseline === undefined) this.#conclude(way.unit, moment, {})
    else this.#observe(way, moment)
  }

  end(): void {
    this.#moment?.end()
    this.#depth--
  }

  /** A rule cost too much. */
  disabled(rule: AnyRule, { nanoseconds }: Cost): void {
    const taken = (nanoseconds / 1000).toFixed(0)
    const message = `the rule ${quote(rule.meta.title)} takes ${taken} µs an event and is switched off until the rules are loaded again; simplify it or raise the budget`
    this.#notice({ action: 'rule-disabled', rule, message, time: this.#time })
  }

  advance(time: number, summarise: ((summary: Summary) => void) | undefined): void {
    // Also for the baselines of detectors.
    this.#store.advance(time)
    if (time - this.#closed < second) return
    this.#closed = time
    for (const { rule, level, suppressor } of this.#units.values()) {
      if (suppressor.size === 0) continue
      suppressor.close(time, (key, heldBack) => summarise?.({ rule, level, key, heldBack }))
    }
  }

  get #moment(): EventMoment<Event> | undefined {
    return this.#moments[this.#depth - 1]
  }

  #wayOf(unit: Unit): Way {
    return {
      unit,
      observer: {
        found: baseline => {
          const moment = this.#moment
          if (moment !== undefined) this.#conclude(unit, moment, { baseline })
        },
        learned: takeBack => this.#moment?.learned.push(takeBack),
      },
    }
  }

  #observe({ unit, observer }: Way, moment: EventMoment<Event>): void {
    const { baseline } = unit
    if (baseline === undefined) return
    baseline.observe(moment, moment.time, observer)
    if (baseline.counts.refused > 0) {
      const text = `the baseline of ${quote(unit.rule.meta.title)} is full and learns nothing more; raise \`limits\` or lower \`forget-after\``
      this.#tellOnce(unit, 'baseline-full', text)
    }
  }

  /** A match is final: correlations see it, and where the rule alerts, an alert comes of it. */
  #conclude(unit: Unit, moment: Moment<Event>, facts: Facts): void {
    for (const listener of unit.listeners) this.#correlate(listener, unit.rule, moment)
    if (!unit.alerts) return
    const { rule, level } = unit
    const { event, kind, time, emit } = moment
    if (level === 'critical' && this.#moment !== undefined) this.#moment.critical = true
    const verdict = unit.suppressor.admit(this.#silence(unit, moment, facts), moment.time)
    if (!verdict.alert) return
    emit({
      rule,
      level,
      event,
      kind,
      time,
      identity: this.#identities.of(rule.meta.title, aboutOf(moment, facts), time),
      heldBack: verdict.heldBack,
      baseline: facts.baseline,
      correlation: facts.correlation,
    })
  }

  #correlate(correlation: Correlation, target: AnyRule, moment: Moment<Event>): void {
    const unit = this.#units.get(correlation.rule)
    const found = correlation.accept(target, moment.subject, moment.time, this.#sequence)
    if (unit === undefined) return
    if (correlation.counts.refused > 0) {
      const text = `the correlation ${quote(unit.rule.meta.title)} has ${correlation.size} groups and takes no more; shorten \`timespan\` or group by less`
      this.#tellOnce(unit, 'correlation-full', text)
    }
    if (found === undefined) return
    const { event, kind, emit } = moment
    const subject = groupSubject(found, moment.subject)
    const above = { event, kind, emit, subject, time: found.time }
    this.#conclude(unit, above, { correlation: found })
  }

  #silence({ by, rule }: Unit, { subject }: Moment<Event>, facts: Facts): string {
    if (by !== undefined) return silenceKey(by, subject, rule.meta.taxonomy)
    const { baseline, correlation } = facts
    return JSON.stringify(
      baseline === undefined ? [correlation?.key] : [baseline.entity, baseline.value],
    )
  }

  #tellOnce(unit: Unit, action: Notice['action'], message: string): void {
    if (unit.told.has(action)) return
    unit.told.add(action)
    this.#notice({ action, rule: unit.rule, message, time: this.#time })
  }
}

/** What a correlation found, for those above it: its group, then the event that completed it. */
function groupSubject({ group }: CorrelationFinding, event: Subject): Subject {
  return { value: (field, taxonomy) => group.get(field) ?? event.value(field, taxonomy) }
}
