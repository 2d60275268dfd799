import { basename, dirname, relative } from 'node:path'
import { type Plan } from './admission/admit.ts'
import { type Admission } from './admission/report.ts'
import { type CorrelationRule, type DetectionRule } from './ast.ts'
import { type Node } from './yaml/node.ts'

const head = `<!-- Generated from rules/ by \`npm run gen\`; do not edit. -->
# Shipped rules

Level informational is for looking back and for correlations, not for waking anyone: one such event means nothing by itself. Each rule
says in its description what to do next; \`orthrus rules test rules/\` runs their tests. Write a filter, or change \`network.home\` and
\`rules.placeholders\` ([configuration](configuration.md)), before you change a rule.
`

/** `docs/shipped-rules.md`: a table for each folder of rules below `root`. */
export function rulesReference(plan: Plan, root: string): string {
  const { set, report } = plan
  const states = new Map(report.map(one => [one.id, one]))
  const named = new Map(
    set.correlations.flatMap(({ rule, targets }) => targets.map(target => [target, rule])),
  )
  const rows = [...set.rules, ...set.correlations]
    .map(({ rule, alerts }) => ({ rule, file: relative(root, rule.source.file), alerts }))
    .sort((one, other) => (one.file < other.file ? -1 : 1))
    .map(({ rule, file, alerts }) => {
      const level = alerts ? levelOf(rule) : `for "${named.get(rule)?.meta.title ?? 'another'}"`
      return {
        topic: basename(dirname(file)),
        line: row(rule, file, level, states.get(rule.meta.id)),
      }
    })
  const topics = [...new Set(rows.map(({ topic }) => topic))]
  const tables = topics.map(topic => {
    const lines = rows.filter(one => one.topic === topic).map(({ line }) => line)
    return `## ${topic}\n\n| rule | level | looks at | ATT&CK | what it says |\n| --- | --- | --- | --- | --- |\n${lines.join('')}`
  })
  return [head, ...tables].join('\n')
}

type Rule = DetectionRule | CorrelationRule

function row(rule: Rule, file: string, level: string, state: Admission | undefined): string {
  const [sentence = ''] = (rule.meta.description ?? '').split(/(?<=\.) (?=[A-Z])/)
  const cells = [
    `[${rule.meta.title}](../${file})`,
    state?.state === 'runs' ? level : `${level} (${state?.state ?? 'unknown'})`,
    looksAt(rule, state),
    techniques(rule.meta.tags),
    sentence.trim(),
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
}

/** The level of a baseline stands in its attribute: other tools should not alert on its habits. */
function levelOf({ meta, extensions }: Rule): string {
  const level = entry(extensions.get('baseline'), 'level')
  return (level?.type === 'scalar' ? level.text : undefined) ?? meta.level ?? 'medium'
}

function looksAt(rule: Rule, state: Admission | undefined): string {
  if (rule.kind === 'correlation') return `correlation (${rule.type})`
  const type = entry(rule.extensions.get('baseline'), 'type')
  const events = state?.events.join(', ') ?? ''
  return type?.type === 'scalar' ? `${events}, baseline (${type.text})` : events
}

function entry(node: Node | undefined, name: string): Node | undefined {
  return node?.type === 'map' ? node.entries.get(name)?.value : undefined
}

/** `attack.t1110.001` as a link text of ATT&CK: `T1110.001`. */
function techniques(tags: readonly string[]): string {
  return tags
    .filter(tag => /^attack\.t\d/.test(tag))
    .map(tag => tag.slice('attack.'.length).toUpperCase())
    .join(', ')
}
