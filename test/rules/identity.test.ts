import { describe, expect, test } from 'vitest'
import { alertId } from '../../src/alerts/alert.ts'
import { Identities } from '../../src/rules/identity.ts'
import { compileText, play, ruleText, type TestEvent } from './stream.ts'

const web = ruleText('web', 'destination.port: 80')
const loud = ruleText('loud', 'destination.port: 80', 'orthrus.suppress: {for: 0}')

function visit(at: number, more: Readonly<Record<string, unknown>> = {}): TestEvent {
  return { at, 'destination.port': 80, 'source.ip': '10.0.0.1', ...more }
}

function ids(text: string, events: readonly TestEvent[]): string[] {
  return play(compileText(text), events).map(({ rule, identity }) =>
    alertId(rule.meta.title, identity),
  )
}

describe('the id of an alert', () => {
  test('is the same by a clock that is some µs or milliseconds away', () => {
    const at = [100, 100.000_05, 99.999_7, 100.005, 101].map(time => ids(web, [visit(time)]))
    expect(new Set(at.map(String)).size).toBe(1)
  })

  test('jumps half a minute after the full minute, when nobody begins anything', () => {
    const [before, after] = [ids(web, [visit(119.999)]), ids(web, [visit(120.001)])]
    expect(after).toEqual(before)
    expect(ids(web, [visit(90.001)])).not.toEqual(ids(web, [visit(89.999)]))
  })

  test('is another a minute later, and of another name', () => {
    const later = ids(web, [visit(160)])
    const other = ids(web, [visit(100, { 'tls.client.server_name': 'a.example' })])
    expect(new Set([...ids(web, [visit(100)]), ...later, ...other]).size).toBe(3)
  })

  test('tells apart by their order what is about the same within a minute', () => {
    const times = [100, 100.2, 101, 118, 125]
    const first = ids(
      loud,
      times.map(at => visit(at)),
    )
    expect(new Set(first).size).toBe(times.length)
    expect(
      ids(
        loud,
        times.map(at => visit(at + 0.0003)),
      ),
    ).toEqual(first)
  })

  test('counts over the turn of its tables, and for each rule', () => {
    const identities = new Identities()
    const about = ['one']
    expect(identities.of('a', about, 0)).toEqual(['one'])
    expect(identities.of('a', about, 59e6)).toEqual(['one', 2])
    expect(identities.of('b', about, 60e6)).toEqual(['one'])
    expect(identities.of('a', about, 61e6)).toEqual(['one', 3])
    expect(identities.of('a', about, 400e6)).toEqual(['one'])
  })

  test('has the time itself when there are too many in a minute to count', () => {
    const identities = new Identities()
    for (let i = 0; i < 16_384; i++) expect(identities.of('a', [i], 1e6)).toEqual([i])
    expect(identities.of('a', ['more'], 1_000_001)).toEqual(['more', 1_000_001])
    expect(identities.of('a', [7], 2e6)).toEqual([7, 2])
  })
})
