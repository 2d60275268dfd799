import { expect, test } from 'vitest'
import { type Program } from '../../../src/rules/admission/program.ts'
import { indexed } from '../../../src/rules/engine/indexed.ts'
import { loadRuleText } from '../../../src/rules/load.ts'
import { objectReader } from '../../../src/rules/slots/object.ts'
import { ruleText } from '../stream.ts'

/** A rule whose regex moves the clock, and one beside it. */
function costly(nanoseconds: (look: number) => number) {
  let [now, looks] = [0, 0]
  const text = `${ruleText('slow', "destination.domain|re: 'a.*b'")}---\n${ruleText('quick', 'destination.domain|contains: a')}`
  const programs = loadRuleText(text, 'r.yml').programs.map((program): Program => {
    const { expression } = program
    if (expression.op !== 'selection' || expression.item.op !== 'test') return program
    const { item } = expression
    if (item.match.kind !== 'regex') return program
    const test = (value: string) => {
      now += nanoseconds(looks++)
      return /a.*b/.test(value)
    }
    return { ...program, expression: { ...item, match: { ...item.match, test } } }
  })
  const disabled: string[] = []
  const matcher = indexed(programs, () => objectReader, {
    budget: { nanoseconds: 50_000, every: 1, samples: 8, clock: () => now },
    onDisabled: ({ linked }, { nanoseconds: mean }) => {
      disabled.push(`${linked.rule.meta.title} ${mean}`)
    },
  })
  const play = (count: number) => {
    const found: string[] = []
    for (let index = 0; index < count; index++) {
      matcher.match('flow', { 'destination.domain': 'ab' }, ({ linked }) => {
        found.push(linked.rule.meta.title)
      })
    }
    return found
  }
  return { play, disabled }
}

test('a rule over its budget is switched off and told of once; the others go on', () => {
  const { play, disabled } = costly(() => 80_000)
  expect(play(8).filter(title => title === 'slow')).toHaveLength(8)
  expect(disabled).toEqual(['slow 80000'])
  expect(play(20)).toEqual(new Array(20).fill('quick'))
  expect(disabled).toHaveLength(1)
})

test('one long look is no reason: the process may have been put aside', () => {
  const { play, disabled } = costly(look => (look === 3 ? 1e9 : 1000))
  expect(play(100)).toHaveLength(200)
  expect(disabled).toEqual([])
})
