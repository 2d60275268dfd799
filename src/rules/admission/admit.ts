import { type Logsource, type SigmaDocument } from '../ast.ts'
import { type RuleFault } from '../fault.ts'
import { type LinkedCorrelation, type LinkedRule, type RuleSet } from '../link/set.ts'
import { type Kind } from '../mapping/kind.ts'
import { kindsOf, taxonomies } from '../mapping/resolve.ts'
import { type InvalidDocument } from '../parse/document.ts'
import { extensionsOf } from '../unit.ts'
import { type Lowered, lowerRule, type Program } from './program.ts'
import { type Admission, type AdmissionState } from './report.ts'

/** What of a rule set runs, compiled as far as all engines share it, and the report on every document. */
export interface Plan {
  readonly set: RuleSet
  /** Of enabled rules; one rule may look at several kinds of events. */
  readonly programs: readonly Program[]
  readonly correlations: readonly LinkedCorrelation[]
  readonly report: readonly Admission[]
}

export interface PlanOptions {
  /** Runs rules that are off by default. */
  readonly all?: boolean
}

/** Decides for each document whether and on what it runs. */
export function planRules(set: RuleSet, { all = false }: PlanOptions = {}): Plan {
  const kindsOf = kindsFinder()
  const faults = checkExtensions(set)
  const admitted = set.rules.map(linked => {
    const bad = refused(linked.rule, faults)
    if (bad !== undefined) return { linked, admission: bad, programs: [] }
    return admitRule(linked, kindsOf(linked.rule.logsource), all)
  })
  const running = new Set<SigmaDocument>(
    admitted.filter(({ admission }) => isRunning(admission)).map(({ linked }) => linked.rule),
  )
  const correlations = set.correlations.map(linked => {
    const bad = refused(linked.rule, faults)
    return bad === undefined ? admitCorrelation(linked, running, all) : { linked, admission: bad }
  })
  return {
    set: { ...set, faults: [...set.faults, ...[...faults.values()].flat()] },
    programs: admitted.flatMap(({ admission, programs }) => (isRunning(admission) ? programs : [])),
    correlations: correlations.flatMap(({ linked, admission }) =>
      isRunning(admission) ? [linked] : [],
    ),
    report: [
      ...admitted.map(({ admission }) => admission),
      ...correlations.map(({ admission }) => admission),
      ...set.filters.map(filter => report(filter, 'runs', true, [], [])),
      ...set.invalid.map(invalid),
    ],
  }
}

/** What is wrong with our own attributes, by document. */
function checkExtensions({
  rules,
  correlations,
}: RuleSet): Map<SigmaDocument, readonly RuleFault[]> {
  const found = new Map<SigmaDocument, readonly RuleFault[]>()
  for (const { rule } of [...rules, ...correlations]) {
    if (rule.extensions.size === 0) continue
    const { faults } = extensionsOf(rule)
    if (faults.length > 0) found.set(rule, faults)
  }
  return found
}

/** A rule with a fault in an attribute of ours: what it would do is not what it says. */
function refused(
  rule: SigmaDocument,
  faults: ReadonlyMap<SigmaDocument, readonly RuleFault[]>,
): Admission | undefined {
  const errors = faults.get(rule)?.filter(({ severity }) => severity === 'error') ?? []
  if (errors.length === 0) return undefined
  const reasons = errors.map(({ message }) => message)
  return report(rule, 'invalid', false, [], reasons)
}

function isRunning({ state, enabled }: Admission): boolean {
  return enabled && (state === 'runs' || state === 'weakened')
}

/** `kindsOf` that remembers: of thousands of rules few have a logsource of their own. */
function kindsFinder(): (logsource: Logsource) => readonly Kind[] {
  const known = new Map<string, readonly Kind[]>()
  return logsource => {
    const key = JSON.stringify(logsource)
    const found = known.get(key) ?? kindsOf(logsource)
    known.set(key, found)
    return found
  }
}

function admitRule(linked: LinkedRule, kinds: readonly Kind[], all: boolean) {
  const { rule } = linked
  const lowered = kinds.map(kind => lowerRule(linked, kind))
  const live = lowered.filter(({ dead }) => !dead)
  // Where the rule works in full on one kind, it need not be noisy on another.
  const full = live.filter(({ weakened }) => weakened.size === 0)
  const best = full.length > 0 ? full : live
  const events = best.map(({ program }) => program.kind)
  const { state, reasons } = judge(rule, lowered, best)
  const risky = best.some(({ weakened }) => weakened.size > 0)
  const enabled = all || !(risky || isRetired(rule))
  const notes = [...reasons, ...retired(rule), ...(risky && !all ? [offByDefault] : [])]
  const admission = report(rule, state, enabled, events, notes)
  return { linked, admission, programs: best.map(({ program }) => program) }
}

const offByDefault = 'off by default: what it should exclude would alert'

function judge(
  rule: SigmaDocument & { logsource: Logsource },
  lowered: readonly Lowered[],
  best: readonly Lowered[],
): { state: AdmissionState; reasons: string[] } {
  if (!taxonomies.includes(rule.meta.taxonomy)) {
    return cannot(
      `the taxonomy \`${rule.meta.taxonomy}\` is unknown; known are ${taxonomies.join(', ')}`,
    )
  }
  if (lowered.length === 0) {
    return cannot(`no event comes from ${describeSource(rule.logsource)}`)
  }
  if (best.length === 0) {
    const lost = lowered.flatMap(one => [...one.lost])
    const excluded = lowered.flatMap(one => [...one.excluded])
    const fields = new Set(lost.length > 0 ? lost : excluded)
    const reasons = Array.from(fields, field => `needs \`${field}\`, which is never produced`)
    return cannot(...(reasons.length > 0 ? reasons : ['no event can match its condition']))
  }
  const weakened = new Set(best.flatMap(one => [...one.weakened]))
  const lost = new Set(best.flatMap(one => [...one.lost]))
  const reasons = [
    ...Array.from(weakened, field => `exclusion weakened: \`${field}\` is never produced`),
    ...Array.from(lost, field => `an alternative is lost: \`${field}\` is never produced`),
  ]
  const state = reasons.length > 0 ? 'weakened' : 'runs'
  if (best.every(({ program }) => program.kind === 'http')) reasons.push('needs clear-text HTTP')
  return { state, reasons }
}

function cannot(...reasons: string[]): { state: AdmissionState; reasons: string[] } {
  return { state: 'cannot-run', reasons }
}

function describeSource({ category, product, service }: Logsource): string {
  const parts = Object.entries({ category, product, service })
  const set = parts.filter(([, value]) => value !== undefined)
  return `\`${set.map(([name, value]) => `${name}: ${value}`).join(', ')}\``
}

function isRetired({ meta }: SigmaDocument): boolean {
  return meta.status === 'deprecated' || meta.status === 'unsupported'
}

function retired(rule: SigmaDocument): string[] {
  return isRetired(rule) ? [`off by default: its status is ${rule.meta.status}`] : []
}

function admitCorrelation(linked: LinkedCorrelation, running: Set<SigmaDocument>, all: boolean) {
  const { rule, targets } = linked
  const missing = targets.filter(target => !running.has(target))
  const needed = rule.type === 'temporal' || rule.type === 'temporal_ordered'
  const stopped =
    needed && rule.condition.kind === 'threshold'
      ? missing.length > 0
      : missing.length === targets.length
  const state = stopped ? 'cannot-run' : missing.length > 0 ? 'weakened' : 'runs'
  const reasons = missing.map(target => `the rule \`${target.meta.title}\` does not run`)
  const enabled = all || !isRetired(rule)
  const admission = report(rule, state, enabled, [], [...reasons, ...retired(rule)])
  if (isRunning(admission)) running.add(rule)
  return { linked, admission }
}

function report(
  document: SigmaDocument,
  state: AdmissionState,
  enabled: boolean,
  events: readonly Kind[],
  reasons: readonly string[],
): Admission {
  const { source, offset, meta, kind } = document
  const { line } = source.place(offset)
  return {
    file: source.file,
    line,
    id: meta.id,
    title: meta.title,
    kind,
    state,
    enabled,
    events,
    reasons,
  }
}

function invalid({ file, line, id, title, faults }: InvalidDocument): Admission {
  const reasons = faults
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message)
  return {
    file,
    line,
    id,
    title: title ?? '',
    kind: 'unknown',
    state: 'invalid',
    enabled: false,
    events: [],
    reasons,
  }
}
