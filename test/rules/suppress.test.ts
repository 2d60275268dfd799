import { describe, expect, test } from 'vitest'
import { type Finding } from '../../src/rules/finding.ts'
import { compileText, play, ruleText, second, summaries, type TestEvent, told } from './stream.ts'

const quiet = 'orthrus.suppress: {by: [source.ip], for: 1m}'
const text = ruleText('ssh', 'destination.port: 22', quiet)

function flow(at: number, host: number): TestEvent {
  return { at, 'destination.port': 22, 'source.ip': `10.0.0.${host}` }
}

const heldBack = (found: readonly Finding<TestEvent>[]) => found.map(one => one.heldBack)

describe('orthrus.suppress', () => {
  test('lets one alert out for each key and time, the next one carries the count', () => {
    const found = play(compileText(text), [
      flow(0, 1),
      flow(1, 1),
      flow(2, 2),
      flow(59, 1),
      flow(60, 1),
    ])
    expect(told(found)).toEqual(['0 ssh', '2 ssh', '60 ssh'])
    expect(heldBack(found)).toEqual([
      undefined,
      undefined,
      { count: 2, first: second, last: 59 * second },
    ])
  })

  test('sums up when the time is over and no alert came to tell', () => {
    const set = compileText(text)
    play(set, [flow(0, 1), flow(1, 1), flow(2, 2)])
    expect(summaries(set, 30)).toEqual([])
    expect(summaries(set, 62)).toMatchObject([
      { key: '["10.0.0.1"]', heldBack: { count: 1, first: second, last: second } },
    ])
    expect(heldBack(play(set, [flow(70, 1)]))).toEqual([undefined])
  })

  test('every match is told exactly once, whatever its order', () => {
    const set = compileText(text)
    const times = [0, 5, 3, 61, 60, 130, 65, 200, 201, 202]
    const found = play(
      set,
      times.map(at => flow(at, 1)),
    )
    const carried = found.reduce((sum, one) => sum + 1 + (one.heldBack?.count ?? 0), 0)
    const summed = summaries(set, 1000).reduce((sum, one) => sum + one.heldBack.count, 0)
    expect(carried + summed).toBe(times.length)
  })

  test('an absent field is a key of its own; a correlation still sees what is kept back', () => {
    const set = compileText(
      `${text}---\ntitle: many\ntaxonomy: ecs\ncorrelation: {type: event_count, rules: [ssh], group-by: [], timespan: 1m, condition: {gte: 3}, generate: true}\n`,
    )
    const found = play(set, [{ at: 0, 'destination.port': 22 }, flow(1, 1), flow(2, 1)])
    expect(told(found)).toEqual(['0 ssh', '1 ssh', '2 many'])
  })

  test('complains at the place', () => {
    const set = compileText(
      ruleText('ssh', 'a: 1', 'orthrus: {suppress: {by: source.ip, fro: 1h, for: soon}}'),
    )
    expect(set.faults.map(({ message, line }) => `${line}: ${message}`)).toEqual([
      '6: `orthrus.suppress` has no `fro`; did you mean for?',
      '6: `for` is a duration such as 30s, 15m, 1h, 7d or 0',
    ])
    expect(set.size).toBe(0)
  })
})
