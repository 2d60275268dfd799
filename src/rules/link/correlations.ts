import { closest } from '../../config/suggest.ts'
import { type CorrelationRule, type DetectionRule, type SigmaDocument } from '../ast.ts'
import { quote } from '../fault.ts'
import { type LinkFaults, type Names } from './names.ts'

export interface Ordered {
  readonly rule: CorrelationRule
  readonly targets: readonly (DetectionRule | CorrelationRule)[]
}

type State = 'open' | 'refused' | Ordered

/** Correlations with what they refer to, each after its targets; circles and gaps are refused. */
export function orderCorrelations(
  rules: readonly CorrelationRule[],
  names: Names<SigmaDocument>,
  faults: LinkFaults,
): readonly Ordered[] {
  const states = new Map<CorrelationRule, State>()
  const ordered: Ordered[] = []
  const visit = (rule: CorrelationRule): State => {
    const known = states.get(rule)
    if (known !== undefined) return known
    states.set(rule, 'open')
    const targets = rule.rules.flatMap(({ name, offset }) => {
      const target = targetOf(name, names)
      const problem = problemOf(name, target, names, inner => visit(inner))
      if (problem !== undefined) faults.of(rule).error(offset, problem)
      return target ?? []
    })
    checkAliases(rule, faults)
    const state = faults.isFatal(rule) ? 'refused' : { rule, targets }
    states.set(rule, state)
    if (state !== 'refused') ordered.push(state)
    return state
  }
  for (const rule of rules) visit(rule)
  return ordered
}

function targetOf(name: string, names: Names<SigmaDocument>) {
  const target = names.get(name)
  return target === undefined || target.kind === 'filter' ? undefined : target
}

function problemOf(
  name: string,
  target: DetectionRule | CorrelationRule | undefined,
  names: Names<SigmaDocument>,
  visit: (rule: CorrelationRule) => State,
): string | undefined {
  if (target === undefined) {
    const near = nearName(name, names)
    const hint = near === undefined ? 'give its id or name' : `did you mean \`${near}\`?`
    return `there is no rule ${quote(name)}; ${hint}`
  }
  if (target.kind === 'detection') return undefined
  const state = visit(target)
  if (state === 'open') return `${quote(name)} refers back to this correlation`
  return state === 'refused' ? `${quote(name)} cannot be used itself` : undefined
}

/** One UUID is as near to another as any; and in a large set a name is looked up, not guessed. */
function nearName(name: string, names: Names<SigmaDocument>): string | undefined {
  if (uuid.test(name)) return undefined
  const candidates = [...names.keys()].filter(one => !uuid.test(one))
  return candidates.length > mostCandidates ? undefined : closest(name, candidates)
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const mostCandidates = 500

function checkAliases(rule: CorrelationRule, faults: LinkFaults): void {
  const names = rule.rules.map(({ name }) => name)
  for (const alias of rule.aliases.values()) {
    for (const name of alias.fields.keys()) {
      if (names.includes(name)) continue
      const text = `the alias ${quote(alias.name)} speaks of ${quote(name)}, which is not in \`rules\``
      faults.of(rule).error(alias.offset, text)
    }
  }
}
