import { describe, expect, test } from 'vitest'
import { MemoryBaselineStore } from '../../../src/baseline/memory-store.ts'
import {
  compileText,
  correlationText,
  day,
  play,
  ruleText,
  second,
  type TestEvent,
  told,
} from '../stream.ts'

const newDomain = (more: string) =>
  ruleText(
    'new domain',
    'destination.domain|exists: true',
    `level: informational\northrus.baseline: {type: new_value, entity: source.mac, value: destination.domain, learn: 1d, level: high, ${more}}`,
  )

function visit(at: number, domain: unknown, mac = 'm1'): TestEvent {
  return { at, 'destination.domain': domain, 'source.mac': mac, 'source.ip': '10.0.0.1' }
}

/** One visit each five minutes: the sensor watches all the time. */
function habit(from: number, to: number, domain = 'a.test', mac = 'm1'): TestEvent[] {
  return Array.from({ length: Math.floor((to - from) / 300) }, (_, index) =>
    visit(from + index * 300, domain, mac),
  )
}

describe('new_value', () => {
  test('is quiet while it learns, then tells of each new value once', () => {
    const set = compileText(newDomain('suppress: 0'))
    const found = play(set, [
      ...habit(0, day),
      visit(day - 1, 'learned.test'),
      ...habit(day, day + 3600),
      visit(day + 3600, 'new.test'),
      visit(day + 3601, 'new.test'),
      visit(day + 3602, 'learned.test'),
    ])
    expect(told(found)).toEqual([`${day + 3600} new domain`])
    expect(found[0]).toMatchObject({
      level: 'high',
      baseline: {
        reason: 'new-value',
        entity: ['m1'],
        value: ['new.test'],
        entityFirstSeen: 0,
        entityValues: 2,
        others: 0,
        valueFirstSeen: undefined,
      },
    })
  })

  test('each entity learns for itself, and down-time teaches nothing', () => {
    const set = compileText(newDomain('suppress: 0'))
    play(set, habit(0, day + 600))
    expect(play(set, [visit(day + 600, 'x.test', 'm2'), visit(day + 700, 'y.test', 'm2')])).toEqual(
      [],
    )
    const other = compileText(newDomain('suppress: 0'))
    expect(play(other, [visit(0, 'a.test'), visit(5 * day, 'b.test')])).toEqual([])
  })

  test('waits for the history that is asked for', () => {
    const set = compileText(
      newDomain('suppress: 0, min-history: {events: 400, values: 2, active-days: 2}'),
    )
    play(set, habit(0, day + 3600))
    expect(play(set, [visit(day + 3601, 'b.test')])).toEqual([])
    play(set, habit(day + 3700, 2 * day))
    expect(told(play(set, [visit(2 * day, 'c.test')]))).toEqual([`${2 * day} new domain`])
  })

  test('a value that is not seen for long is new again', () => {
    const set = compileText(newDomain('suppress: 0, forget-after: 2d'), { learn: 0 })
    const found = play(set, [
      visit(0, 'a.test'),
      visit(1, 'b.test'),
      ...habit(600, 3 * day),
      visit(3 * day, 'b.test'),
    ])
    expect(told(found)).toEqual(['1 new domain', `${3 * day} new domain`])
  })

  test('others who use the value may excuse it', () => {
    const set = compileText(newDomain('suppress: 0, condition: {entities: {lte: 0}}'), { learn: 0 })
    play(set, [visit(0, 'a.test'), visit(1, 'a.test', 'm2'), visit(1, 'common.test', 'm2')])
    expect(play(set, [visit(2, 'common.test')])).toEqual([])
    expect(told(play(set, [visit(3, 'odd.test')]))).toEqual(['3 new domain'])
  })

  test('at the site a value is new to everyone or to nobody', () => {
    const set = compileText(newDomain('suppress: 0, scope: site'), { learn: 0 })
    const found = play(set, [
      visit(0, 'a.test'),
      visit(1, 'b.test', 'm2'),
      visit(2, 'b.test'),
      visit(3, 'a.test', 'm2'),
    ])
    expect(told(found)).toEqual(['0 new domain', '1 new domain'])
  })

  test('lists count by member, tuples by their order, and absent fields not at all', () => {
    const set = compileText(
      newDomain('suppress: 0').replace(
        'value: destination.domain',
        'value: [destination.domain, destination.port]',
      ),
      { learn: 0 },
    )
    const at = (second: number, domain: unknown, port: unknown) => ({
      ...visit(second, domain),
      'destination.port': port,
    })
    play(set, [at(0, ['a', 'b'], 1)])
    const found = play(set, [
      at(1, 'a', 1),
      at(2, 'b', 1),
      at(3, 'b', 2),
      at(4, ['1', 'a'], 'a'),
      at(5, 'c', null),
      visit(6, 'c'),
    ])
    expect(found.map(one => one.baseline?.value)).toEqual([
      ['b', '2'],
      ['1', 'a'],
      ['a', 'a'],
    ])
  })

  test.each([
    ['lowercase', 'A.Test', 'a.test'],
    ['registered-domain', 'www.example.co.uk', 'mail.example.co.uk'],
    ['subnet/24', '192.0.2.1', '192.0.2.200'],
    ['port-class', 50_000, 60_000],
  ])('normalise: %s takes %s and %s for the same', (normalise, one, other) => {
    const set = compileText(newDomain(`suppress: 0, normalise: ${normalise}`), { learn: 0 })
    expect(play(set, [visit(0, one), visit(1, other)])).toEqual([])
    expect(play(set, [visit(2, 'elsewhere.example.org')])).toHaveLength(1)
  })

  test('what is full stays as it is, still sees what is new, and says so once', () => {
    const set = compileText(newDomain('suppress: 1h, limits: {values-per-entity: 1}'), { learn: 0 })
    const found = play(set, [
      visit(0, 'a.test'),
      visit(1, 'b.test'),
      visit(2, 'b.test'),
      visit(3, 'c.test'),
    ])
    expect(told(found)).toEqual(['1 new domain', '3 new domain'])
    expect(set.notices.map(({ action }) => action)).toEqual(['baseline-full'])
  })

  test('changes of what is observed start to learn anew, changes of limits and level do not', () => {
    const baselines = new MemoryBaselineStore()
    const first = newDomain('suppress: 0')
    play(compileText(first, { baselines }), habit(0, day + 3600))
    const late = day + 3600
    expect(
      play(compileText(first.replace('level: high', 'level: low'), { baselines }), [
        visit(late, 'x.test'),
      ]),
    ).toHaveLength(1)
    expect(
      play(compileText(first.replace('exists: true', "contains: '.'"), { baselines }), [
        visit(late + 1, 'a.test'),
        visit(late + 2, 'y.test'),
      ]),
    ).toEqual([])
  })

  test('a rule that others refer to by name tells correlations of what is new', () => {
    const text = [
      newDomain('suppress: 0'),
      ruleText('upload', 'source.bytes|gte: 1000'),
      correlationText(
        'leak',
        'type: temporal_ordered, rules: [new_domain, upload], group-by: [source.ip], timespan: 1h',
      ),
    ].join('---\n')
    const set = compileText(text, { learn: 0 })
    const big = (at: number) => ({ at, 'source.ip': '10.0.0.1', 'source.bytes': 5000 })
    expect(told(play(set, [visit(0, 'a.test'), big(1), visit(2, 'b.test'), big(3)]))).toEqual([
      '3 leak',
    ])
  })
})

test('new_entity tells of who was never there, once the site is known', () => {
  const text = ruleText(
    'new host',
    'source.mac|exists: true',
    'orthrus: {baseline: {type: new_entity, entity: [source.mac], learn: 1h}}',
  )
  const set = compileText(text)
  play(set, [...habit(0, 1800), ...habit(1800, 3900, 'a', 'm2')])
  const found = play(set, [visit(4000, 'a', 'm3'), visit(4001, 'a', 'm3'), visit(4002, 'a', 'm1')])
  expect(told(found)).toEqual(['4000 new host'])
  expect(found[0]?.baseline).toMatchObject({
    reason: 'new-entity',
    entity: ['m3'],
    value: [],
    entities: 2,
  })
  expect(found[0]?.identity).toEqual(['new-entity', 'm3', '/', Math.round(4000 / 60)])
})

test('rare_value tells of what few use, however often they did', () => {
  const text = ruleText(
    'rare agent',
    'destination.domain|exists: true',
    'orthrus.baseline: {type: rare_value, entity: source.mac, value: destination.domain, learn: 1h, condition: {entities: {lt: 1}, ratio: {lt: 0.01}}, suppress: 0}',
  )
  const set = compileText(text)
  play(set, [...habit(0, day), ...habit(day, day + 7200, 'a.test', 'm2')])
  const later = day + 7200
  expect(
    told(play(set, [visit(later, 'odd'), visit(later + 1, 'odd'), visit(later + 2, 'a.test')])),
  ).toEqual([`${later} rare agent`, `${later + 1} rare agent`])
})

test('faults stand where they are written', () => {
  const set = compileText(
    ruleText(
      'bad',
      'source.port: 1',
      'orthrus.baseline:\n  type: rare_value\n  entty: source.mac\n  value: b\n  normalise: upper\n  learn: 7\n  limits: {overflow: burn}',
    ),
  )
  expect(set.faults.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '8: `orthrus.baseline` has no `entty`; did you mean entity?',
    expect.stringContaining('`orthrus.baseline` needs an `entity`'),
    '10: `normalise` is none, lowercase, registered-domain, subnet/24 or port-class',
    '11: `learn` is a duration such as 30s, 15m, 1h, 7d or 0',
    expect.stringContaining('`burn` is no overflow; allowed are freeze or evict-oldest'),
    expect.stringContaining('`rare_value` needs a `condition`'),
  ])
  expect(set.size).toBe(0)
})

test('observed time runs on without events', () => {
  const set = compileText(newDomain('suppress: 0'))
  play(set, [visit(0, 'a.test')])
  for (let at = 0; at <= day; at += 60) set.advance(at * second)
  expect(play(set, [visit(day + 1, 'b.test')])).toHaveLength(1)
})
