import { describe, expect, test } from 'vitest'
import {
  compileText,
  correlationText,
  play,
  ruleText,
  second,
  type TestEvent,
  told,
} from './stream.ts'

const ssh = ruleText('ssh', 'destination.port: 22', 'orthrus.suppress: {by: [], for: 1h}')
const web = ruleText('web', 'destination.port: 80')
const guess = correlationText(
  'guess',
  'type: event_count, rules: [web], group-by: [source.ip], timespan: 1m, condition: {gte: 3}, generate: true',
)

function flow(at: number, port: number): TestEvent {
  return { at, 'destination.port': port, 'source.ip': '10.0.0.1' }
}

describe('a set that takes the place of another', () => {
  const earlier = () => {
    const set = compileText([ssh, web, guess].join('---\n'))
    play(set, [flow(0, 22), flow(1, 80), flow(2, 80)])
    return set
  }

  test('goes on with windows and silences of what did not change', () => {
    const set = compileText([guess, web, ssh].join('---\n'))
    expect(set.replace(earlier())).toEqual({ added: [], removed: [], changed: [], unchanged: 3 })
    expect(told(play(set, [flow(3, 22), flow(4, 80)]))).toEqual(['4 guess', '4 web'])
  })

  test('says what is new, gone and changed, and starts those afresh', () => {
    const changed = ssh.replace('for: 1h', 'for: 2h')
    const set = compileText([changed, ruleText('ftp', 'destination.port: 21'), web].join('---\n'))
    expect(set.replace(earlier())).toEqual({
      added: ['ftp'],
      removed: ['guess'],
      changed: ['ssh'],
      unchanged: 1,
    })
    expect(told(play(set, [flow(3, 22), flow(4, 80)]))).toEqual(['3 ssh', '4 web'])
  })

  test('starts a correlation afresh when one of its rules changed', () => {
    const set = compileText([ssh, web.replace('80', '[80, 8080]'), guess].join('---\n'))
    expect(set.replace(earlier())).toMatchObject({ changed: ['web', 'guess'], unchanged: 1 })
    expect(told(play(set, [flow(3, 80)]))).toEqual(['3 web'])
  })

  test('a rule that only moved is the same', () => {
    const set = compileText(`# moved\n${[guess, ssh, web].join('---\n# and\n')}`)
    expect(set.replace(earlier())).toMatchObject({ changed: [], unchanged: 3 })
  })
})

test('finds are the same with the index, without it, and with closures', () => {
  const events = Array.from({ length: 50 }, (_, at) => flow(at, [22, 80, 443][at % 3] ?? 0))
  const text = [ssh, web, guess].join('---\n')
  const [first, ...others] = [{}, { index: false }, { functions: 'closures' as const }].map(
    options => told(play(compileText(text, options), events)),
  )
  expect(first?.length).toBeGreaterThan(10)
  for (const other of others) expect(other).toEqual(first)
})

test('the same events give the same identities', () => {
  const run = () =>
    play(
      compileText([ssh, web, guess].join('---\n')),
      [1, 2, 3, 4].map(at => flow(at, 80)),
    )
  const identities = run().map(({ rule, identity }) => JSON.stringify([rule.meta.title, identity]))
  expect(new Set(identities).size).toBe(identities.length)
  expect(run().map(({ rule, identity }) => JSON.stringify([rule.meta.title, identity]))).toEqual(
    identities,
  )
})

test('an event inside an event does not disturb it', () => {
  const set = compileText([web, ruleText('any', 'destination.port|exists: true')].join('---\n'))
  const seen: string[] = []
  set.evaluate(flow(1, 80), outer => {
    seen.push(`outer ${outer.rule.meta.title}`)
    if (outer.event.at === 1) {
      set.evaluate(flow(2, 443), inner => seen.push(`inner ${inner.rule.meta.title}`))
    }
  })
  expect(seen).toEqual(['outer web', 'inner any', 'outer any', 'inner any'])
})

test('silences end with event time only', () => {
  const set = compileText(ssh)
  play(set, [flow(0, 22), flow(10, 22)])
  const list: number[] = []
  for (const at of [100, 3599, 3601, 7300]) {
    set.advance(at * second, ({ heldBack }) => list.push(at, heldBack.count))
  }
  expect(list).toEqual([3601, 1])
})
