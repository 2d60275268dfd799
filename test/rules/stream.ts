import { type Finding, type Notice, type Summary } from '../../src/rules/finding.ts'
import { loadRuleText } from '../../src/rules/load.ts'
import { compileRules, type RuleSet, type RuleSetOptions } from '../../src/rules/ruleset.ts'
import { objectReader } from '../../src/rules/slots/object.ts'

/** An event as a plain object; `at` in seconds. */
export interface TestEvent {
  readonly at: number
  readonly kind?: 'flow' | 'dns'
  readonly [field: string]: unknown
}

export const second = 1_000_000
export const day = 86_400

export type TestRules = RuleSet<TestEvent> & { readonly notices: Notice[] }

/** The rules of a text, at work on plain objects; nothing is kept quiet unless a rule says so. */
export function compileText(
  text: string,
  options: Partial<RuleSetOptions<TestEvent>> = {},
): TestRules {
  const notices: Notice[] = []
  const set = compileRules<TestEvent>(loadRuleText(text, 'rules.yml'), {
    readerOf: () => objectReader,
    kindOf: event => event.kind ?? 'flow',
    timeOf: event => event.at * second,
    suppress: { by: [], for: 0 },
    onNotice: notice => notices.push(notice),
    ...options,
  })
  return Object.assign(set, { notices })
}

/** What the rules have to say about the events, one after the other. */
export function play(
  rules: RuleSet<TestEvent>,
  events: readonly TestEvent[],
): Finding<TestEvent>[] {
  const found: Finding<TestEvent>[] = []
  for (const event of events) rules.evaluate(event, finding => found.push(finding))
  return found
}

/** Seconds at which there was something to say, and the titles of the rules. */
export function told(found: readonly Finding<TestEvent>[]): string[] {
  return found.map(({ rule, event }) => `${event.at} ${rule.meta.title}`)
}

/** What a set sums up until a moment (seconds). */
export function summaries(rules: RuleSet<TestEvent>, at: number): Summary[] {
  const list: Summary[] = []
  rules.advance(at * second, summary => list.push(summary))
  return list
}

/** A rule over flows; fields as in ECS. */
export function ruleText(title: string, body: string, more = ''): string {
  const name = title.replaceAll(' ', '_')
  return `title: ${title}\nname: ${name}\ntaxonomy: ecs\nlogsource: {category: network, service: connection}\ndetection: {s: {${body}}, condition: s}\n${more}\n`
}

export function correlationText(title: string, body: string, more = ''): string {
  const name = title.replaceAll(' ', '_')
  return `title: ${title}\nname: ${name}\ntaxonomy: ecs\ncorrelation: {${body}}\n${more}\n`
}
