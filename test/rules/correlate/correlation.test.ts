import { describe, expect, test } from 'vitest'
import { compileText, correlationText, play, ruleText, type TestEvent, told } from '../stream.ts'

const ssh = ruleText('ssh', 'destination.port: 22')
const web = ruleText('web', 'destination.port: 80')
const upload = ruleText('upload', 'source.bytes|gte: 1000')

function flow(at: number, port: number, more: object = {}): TestEvent {
  return { at, 'destination.port': port, 'source.ip': '10.0.0.1', ...more }
}

function rules(...texts: string[]) {
  return compileText(texts.join('---\n'))
}

describe('event_count', () => {
  const guess = correlationText(
    'guess',
    'type: event_count, rules: [ssh], group-by: [source.ip], timespan: 10s, condition: {gte: 3}',
  )

  test('fires when the window holds enough, and its rule stays quiet', () => {
    const found = play(rules(ssh, guess), [flow(0, 22), flow(5, 22), flow(10, 22)])
    expect(told(found)).toEqual(['10 guess'])
    expect(found[0]?.correlation).toMatchObject({
      count: 3,
      first: 0,
      last: 10e6,
      key: '["10.0.0.1"]',
    })
  })

  test('slides: no fixed borders cut a burst in two, older matches do not count', () => {
    const set = rules(ssh, guess)
    expect(play(set, [flow(0, 22), flow(9, 22), flow(11, 22)])).toEqual([])
    expect(told(play(set, [flow(18, 22)]))).toEqual(['18 guess'])
  })

  test('groups do not add up', () => {
    const events = [1, 2, 3, 4].map(at => flow(at, 22, { 'source.ip': `10.0.0.${at % 2}` }))
    expect(play(rules(ssh, guess), events)).toEqual([])
  })

  test('fires once a window, and again when it goes on after that', () => {
    const events = Array.from({ length: 26 }, (_, at) => flow(at, 22))
    expect(told(play(rules(ssh, guess), events))).toEqual(['2 guess', '12 guess', '22 guess'])
  })

  test('a late match counts where it belongs, and not at all before the window', () => {
    expect(told(play(rules(ssh, guess), [flow(10, 22), flow(12, 22), flow(11, 22)]))).toEqual([
      '11 guess',
    ])
    expect(play(rules(ssh, guess), [flow(30, 22), flow(31, 22), flow(5, 22)])).toEqual([])
  })

  test('a match without the field of the group is left out', () => {
    const events = [1, 2, 3].map(at => ({ at, 'destination.port': 22 }))
    expect(play(rules(ssh, guess), events)).toEqual([])
  })

  test('an event that several rules match is one event', () => {
    const any = correlationText(
      'any',
      'type: event_count, rules: [ssh, upload], group-by: [source.ip], timespan: 10s, condition: {gte: 3}',
    )
    const both = { 'source.bytes': 5000 }
    expect(play(rules(ssh, upload, any), [flow(0, 22, both), flow(1, 22, both)])).toEqual([])
    expect(
      told(play(rules(ssh, upload, any), [flow(0, 22, both), flow(1, 22), flow(2, 1, both)])),
    ).toEqual(['2 any'])
  })

  test('generate lets the rules alert on their own too', () => {
    const loud = guess.replace('gte: 3}', 'gte: 3}, generate: true')
    expect(told(play(rules(ssh, loud), [flow(0, 22), flow(1, 22), flow(2, 22)]))).toEqual([
      '0 ssh',
      '1 ssh',
      '2 guess',
      '2 ssh',
    ])
  })

  test('a range by two comparisons', () => {
    const range = guess.replace('gte: 3', 'gt: 1, lte: 2')
    expect(told(play(rules(ssh, range), [flow(0, 22), flow(1, 22)]))).toEqual(['1 guess'])
  })

  test('groups are bounded; refusals are counted and told once', () => {
    const set = compileText([ssh, guess].join('---\n'), { limits: { groups: 2 } })
    const from = (at: number, host: number) => flow(at, 22, { 'source.ip': `10.0.0.${host}` })
    play(set, [from(0, 1), from(0, 2), from(1, 3), from(2, 3), from(3, 4)])
    expect(set.notices.map(({ action }) => action)).toEqual(['correlation-full'])
    // What is over makes room.
    expect(told(play(set, [from(20, 3), from(21, 3), from(22, 3)]))).toEqual(['22 guess'])
  })
})

describe('values', () => {
  const over = (type: string, rest: string) =>
    rules(
      upload,
      correlationText(
        'c',
        `type: ${type}, rules: [upload], group-by: [source.ip], timespan: 60s, ${rest}`,
      ),
    )
  const sends = (...bytes: number[]) =>
    bytes.map((sent, at) => flow(at, 80, { 'source.bytes': sent }))

  test('value_count counts distinct values, or distinct tuples', () => {
    const scan = over('value_count', 'condition: {field: destination.port, gte: 3}')
    const ports = [1, 2, 2, 1, 3].map((port, at) => flow(at, port, { 'source.bytes': 1000 }))
    expect(told(play(scan, ports))).toEqual(['4 c'])
    const pairs = over(
      'value_count',
      'condition: {field: [destination.port, source.bytes], gte: 3}',
    )
    expect(
      told(
        play(pairs, [
          flow(0, 1, { 'source.bytes': 1000 }),
          flow(1, 1, { 'source.bytes': 1001 }),
          flow(2, 2, { 'source.bytes': 1000 }),
        ]),
      ),
    ).toEqual(['2 c'])
  })

  test.each([
    ['value_sum', 'condition: {field: source.bytes, gt: 5999}', [1000, 2000, 3000], ['2 c'], 6000],
    ['value_avg', 'condition: {field: source.bytes, gte: 2000}', [1000, 2000, 3000], ['2 c'], 2000],
    [
      'value_median',
      'condition: {field: source.bytes, gte: 2500}',
      [1000, 3000, 4000, 2000],
      ['2 c'],
      3000,
    ],
    [
      'value_percentile',
      'condition: {field: source.bytes, percentile: 75, gte: 3000}',
      [1000, 2000, 3000, 4000],
      ['3 c'],
      3250,
    ],
  ])('%s', (type, rest, bytes, wanted, count) => {
    const found = play(over(type, rest), sends(...bytes))
    expect(told(found)).toEqual(wanted)
    expect(found[0]?.correlation?.count).toBe(count)
  })

  test('values leave with the window', () => {
    const sum = over('value_sum', 'condition: {field: source.bytes, gte: 3000}')
    const at = (second: number) => flow(second, 80, { 'source.bytes': 1500 })
    expect(play(sum, [at(0), at(61)])).toEqual([])
    expect(told(play(sum, [at(100)]))).toEqual(['100 c'])
  })
})

describe('temporal', () => {
  const chain = (type: string, rest = '') =>
    rules(
      ssh,
      web,
      upload,
      correlationText(
        'c',
        `type: ${type}, rules: [ssh, web, upload], group-by: [source.ip], timespan: 10s${rest}`,
      ),
    )
  const big = { 'source.bytes': 5000 }

  test('wants all rules in the window, in any order', () => {
    expect(told(play(chain('temporal'), [flow(0, 80), flow(1, 9, big), flow(9, 22)]))).toEqual([
      '9 c',
    ])
    expect(play(chain('temporal'), [flow(0, 80), flow(1, 9, big), flow(12, 22)])).toEqual([])
  })

  test('ordered wants them in the order of the list', () => {
    expect(play(chain('temporal_ordered'), [flow(0, 80), flow(1, 9, big), flow(9, 22)])).toEqual([])
    const mixed = [flow(0, 22), flow(1, 80), flow(2, 22), flow(3, 9, big)]
    expect(told(play(chain('temporal_ordered'), mixed))).toEqual(['3 c'])
  })

  test('ordered goes by event time, not by arrival', () => {
    const events = [flow(1, 80), flow(3, 9, big), flow(0, 22)]
    expect(told(play(chain('temporal_ordered'), events))).toEqual(['0 c'])
  })

  test('ordered wants an event of its own for each rule', () => {
    const two = rules(
      ssh,
      upload,
      correlationText(
        'c',
        'type: temporal_ordered, rules: [ssh, upload], group-by: [source.ip], timespan: 10s',
      ),
    )
    expect(play(two, [flow(0, 22, big)])).toEqual([])
    expect(told(play(two, [flow(1, 9, big)]))).toEqual(['1 c'])
  })

  test('a count of rules suffices where the condition says so', () => {
    expect(
      told(play(chain('temporal', ', condition: {gte: 2}'), [flow(0, 80), flow(1, 22)])),
    ).toEqual(['1 c'])
  })

  test('an expression over the rules', () => {
    const set = () => chain('temporal', ', condition: (ssh or web) and upload and not web')
    expect(told(play(set(), [flow(0, 22), flow(1, 9, big)]))).toEqual(['1 c'])
    expect(play(set(), [flow(0, 80), flow(1, 22), flow(2, 9, big)])).toEqual([])
  })
})

test('an alias gives different fields one name', () => {
  const set = rules(
    ssh,
    web,
    correlationText(
      'hop',
      'type: temporal_ordered, rules: [ssh, web], group-by: [host], timespan: 1m, aliases: {host: {ssh: destination.ip, web: source.ip}}',
    ),
  )
  const found = play(set, [
    flow(0, 22, { 'destination.ip': '10.0.0.9' }),
    flow(1, 80, { 'source.ip': '10.0.0.9' }),
  ])
  expect(told(found)).toEqual(['1 hop'])
  expect(found[0]?.correlation?.group.get('host')).toBe('10.0.0.9')
})

test('a correlation can watch correlations', () => {
  const count = (name: string, rule: string) =>
    correlationText(
      name,
      `type: event_count, rules: [${rule}], group-by: [source.ip], timespan: 10s, condition: {gte: 2}`,
    )
  const both = correlationText(
    'both',
    'type: temporal, rules: [a, b], group-by: [source.ip], timespan: 1m',
    'level: high',
  )
  const set = rules(both, count('a', 'ssh'), count('b', 'web'), ssh, web)
  const found = play(set, [flow(0, 22), flow(1, 22), flow(2, 80), flow(3, 80)])
  expect(told(found)).toEqual(['3 both'])
  expect(found[0]?.level).toBe('high')
})

test('windows and silences survive a restart as JSON', () => {
  const text = [
    ssh,
    web,
    correlationText(
      'guess',
      'type: event_count, rules: [ssh], group-by: [source.ip], timespan: 10s, condition: {gte: 3}',
    ),
    correlationText(
      'way',
      'type: temporal_ordered, rules: [ssh, web], group-by: [source.ip], timespan: 10s',
    ),
  ].join('---\n')
  const before = compileText(text)
  play(before, [flow(0, 22), flow(1, 22)])
  const state = JSON.parse(JSON.stringify(before.exportState()))
  const after = compileText(text)
  expect(after.importState(state)).toBe(0)
  expect(told(play(after, [flow(2, 22), flow(3, 80)]))).toEqual(['2 guess', '3 way'])
  const other = compileText(text.replace('gte: 3', 'gte: 2'))
  expect(other.importState(state)).toBe(1)
})
