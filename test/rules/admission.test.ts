import { describe, expect, test } from 'vitest'
import { fullScan } from '../../src/rules/evaluate/full-scan.ts'
import { loadRuleText } from '../../src/rules/load.ts'
import { type Kind } from '../../src/rules/mapping/kind.ts'
import { kindsOf, mapField } from '../../src/rules/mapping/resolve.ts'
import { objectReader } from '../../src/rules/slots/object.ts'

function load(logsource: string, detection: string, more = '') {
  return loadRuleText(
    `title: t\nlogsource: {${logsource}}\ndetection: {${detection}}\n${more}`,
    'rule.yml',
  )
}

function matches(plan: ReturnType<typeof load>, kind: Kind, event: object): boolean {
  let found = false
  fullScan(plan.programs, () => objectReader).match(kind, event, () => {
    found = true
  })
  return found
}

describe('logsources', () => {
  test.each([
    ['category: dns', ['dns']],
    ['category: dns_query, product: windows', ['dns']],
    ['category: network_connection, product: linux', ['flow']],
    ['category: firewall', ['flow']],
    ['category: proxy', ['tls', 'quic', 'http']],
    ['category: webserver', ['http']],
    ['product: zeek, service: dns', ['dns']],
    ['product: zeek, service: x509', ['tls', 'quic']],
    ['category: network, service: tls', ['tls', 'quic']],
    ['category: process_creation, product: windows', []],
    ['product: windows, service: security', []],
    ['product: zeek, service: smb_files', []],
    ['category: dns, service: elsewhere', ['dns']],
  ])('%s', (text, wanted) => {
    const [, category] = /category: (\w+)/.exec(text) ?? []
    const [, product] = /product: (\w+)/.exec(text) ?? []
    const [, service] = /service: (\w+)/.exec(text) ?? []
    expect(kindsOf({ category, product, service })).toEqual(wanted)
  })

  test('a dimension that is not set is any', () => {
    expect(kindsOf({ category: undefined, product: 'zeek', service: undefined })).toContain('ssh')
  })
})

describe('the report', () => {
  test('a rule whose fields are there runs', () => {
    const { report } = load('category: dns', 's: {query: x}, condition: s')
    expect(report).toMatchObject([{ state: 'runs', enabled: true, events: ['dns'], reasons: [] }])
  })

  test('a field that is never there and is asked for keeps it from running', () => {
    const { report, programs } = load('category: dns', 's: {query: x, Image: y}, condition: s')
    expect(report).toMatchObject([
      { state: 'cannot-run', reasons: ['needs `Image`, which is never produced'] },
    ])
    expect(programs).toEqual([])
  })

  test('to exclude the absence of a field that is never there excludes everything', () => {
    const { report } = load(
      'category: dns',
      's: {query: x}, f: {Image: null}, condition: s and not f',
    )
    expect(report).toMatchObject([
      { state: 'cannot-run', reasons: ['needs `Image`, which is never produced'] },
    ])
    const both = 's: {query: x}, f: {query: y, Image: null}, condition: s and not f'
    expect(load('category: dns', both).report).toMatchObject([{ state: 'runs', reasons: [] }])
  })

  test('one that only excludes weakens it, and it is off unless asked for', () => {
    const detection = 's: {query: x}, f: {Image: y}, condition: s and not f'
    const { report, programs } = load('category: dns', detection)
    expect(report).toMatchObject([{ state: 'weakened', enabled: false }])
    expect(report[0]?.reasons[0]).toBe('exclusion weakened: `Image` is never produced')
    expect(programs).toEqual([])
  })

  test('a lost alternative weakens it too, but makes no noise', () => {
    const plan = load('category: dns', 's: {query: x}, t: {Image: y}, condition: s or t')
    expect(plan.report).toMatchObject([{ state: 'weakened', enabled: true }])
    expect(matches(plan, 'dns', { dns: { question: { name: 'x' } } })).toBe(true)
  })

  test('HTTP must be readable', () => {
    const { report } = load('category: proxy', 's: {c-uri|contains: x}, condition: s')
    expect(report[0]?.reasons).toEqual(['needs clear-text HTTP'])
  })

  test('a rule that needs a host name only runs on TLS too', () => {
    const plan = load('category: proxy', 's: {cs-host|endswith: .test}, condition: s')
    expect(plan.report[0]?.events).toEqual(['tls', 'quic', 'http'])
    expect(matches(plan, 'tls', { tls: { client: { server_name: 'a.test' } } })).toBe(true)
    expect(matches(plan, 'http', { url: { domain: 'a.test' } })).toBe(true)
  })

  test('deprecated rules and unknown taxonomies do not run', () => {
    const deprecated = load('category: dns', 's: {query: x}, condition: s', 'status: deprecated')
    expect(deprecated.report).toMatchObject([{ state: 'runs', enabled: false }])
    expect(deprecated.programs).toEqual([])
    const alien = load('category: dns', 's: {query: x}, condition: s', 'taxonomy: splunk')
    expect(alien.report).toMatchObject([{ state: 'cannot-run' }])
  })

  test('an invalid rule is in it with its reasons', () => {
    const { report } = load('category: dns', 's: {query: x}, condition: t')
    expect(report).toMatchObject([{ title: 't', state: 'invalid', enabled: false }])
  })
})

describe('fields', () => {
  test('a duration is seconds in Sigma and nanoseconds in ECS', () => {
    const sigma = load(
      'category: network, service: connection',
      's: {event.duration|gt: 2}, condition: s',
    )
    expect(matches(sigma, 'flow', { event: { duration: 3e9 } })).toBe(true)
    expect(matches(sigma, 'flow', { event: { duration: 3 } })).toBe(false)
    const ecs = load(
      'category: network, service: connection',
      's: {event.duration|gt: 2}, condition: s',
      'taxonomy: ecs',
    )
    expect(matches(ecs, 'flow', { event: { duration: 3 } })).toBe(true)
  })

  test('values are converted: who initiated, which family, refused', () => {
    const flow = load(
      'category: network_connection',
      "s: {Initiated: 'true', DestinationIsIpv6: 'false'}, condition: s",
    )
    expect(matches(flow, 'flow', { network: { direction: 'outbound', type: 'ipv4' } })).toBe(true)
    expect(matches(flow, 'flow', { network: { direction: 'inbound', type: 'ipv4' } })).toBe(false)
    expect(matches(flow, 'flow', { network: { direction: 'outbound', type: 'ipv6' } })).toBe(false)
    const refused = load('product: zeek, service: dns', 's: {rejected: false}, condition: s')
    expect(matches(refused, 'dns', { dns: { response_code: 'NOERROR' } })).toBe(true)
    expect(matches(refused, 'dns', {})).toBe(true)
    expect(matches(refused, 'dns', { dns: { response_code: 'REFUSED' } })).toBe(false)
  })

  test('a field that is one of two of ours: any for a value, both for its absence', () => {
    const any = load('category: proxy', 's: {c-uri|contains: x}, condition: s')
    expect(matches(any, 'http', { url: { original: '/x' } })).toBe(true)
    expect(matches(any, 'http', { url: { full: 'http://x/' } })).toBe(true)
    const none = load('category: proxy', 's: {c-uri: null}, condition: s')
    expect(matches(none, 'http', {})).toBe(true)
    expect(matches(none, 'http', { url: { original: '/' } })).toBe(false)
  })

  test('keywords of web rules look at the request, not at everything', () => {
    const web = load('category: webserver', 'k: [evil], condition: k')
    expect(matches(web, 'http', { url: { original: '/evil' } })).toBe(true)
    expect(matches(web, 'http', { url: { domain: 'evil' } })).toBe(false)
  })

  test('names that no table knows keep their name', () => {
    expect(mapField('sigma', 'constructor')).toEqual({ to: ['constructor'] })
    expect(mapField('ecs', 'tls.client.ja4')).toEqual({ to: ['orthrus.tls.ja4'] })
  })
})

test('correlations follow their rules, and their rules keep quiet', () => {
  const { correlations, set, report } = loadRuleText(
    `title: c
correlation: {type: event_count, rules: [base], group-by: [source.ip], timespan: 5m, condition: {gt: 100, lte: 200}}
---
title: b
name: base
logsource: {category: dns}
detection: {s: {query: x}, condition: s}
---
title: circle
name: circle
correlation: {type: temporal, rules: [circle, base], timespan: 1h}
---
title: gap
correlation: {type: temporal, rules: [nobody, base], timespan: 1h}
---
title: extended
correlation: {type: temporal, rules: [base, c], timespan: 1h, condition: base AND NOT c}
`,
    'c.yml',
  )
  expect(set.rules[0]?.alerts).toBe(false)
  expect(correlations.map(({ rule }) => rule.meta.title)).toEqual(['c'])
  expect(correlations[0]?.rule).toMatchObject({
    timespan: 300_000_000,
    condition: {
      comparisons: [
        { comparison: 'gt', value: 100 },
        { comparison: 'lte', value: 200 },
      ],
    },
  })
  const messages = set.faults.map(({ message }) => message).join('\n')
  expect(messages).toContain('refers back to this correlation')
  expect(messages).toContain('there is no rule `nobody`')
  expect(
    report
      .filter(({ state }) => state === 'invalid')
      .map(({ title }) => title)
      .sort(),
  ).toEqual(['circle', 'extended', 'gap'])
})

test.each([
  ['{type: count, rules: [a], timespan: 5m}', 'is no type; allowed are event_count'],
  ['{type: event_count, rules: [a], timespan: 5 minutes, condition: {gt: 1}}', 'is no timespan'],
  ['{type: event_count, rules: [a], timespan: 5m}', '`condition` is missing'],
  ['{type: value_count, rules: [a], timespan: 5m, condition: {gt: 1}}', 'needs a `field`'],
  [
    '{type: value_sum, rules: [a], timespan: 5m, condition: {gt: 1, field: [a, b]}}',
    'takes one field',
  ],
  [
    '{type: value_percentile, rules: [a], timespan: 5m, condition: {gt: 1, field: a}}',
    'needs `percentile`',
  ],
  ['{type: event_count, rules: [a], timespan: 5m, condition: {over: 1}}', 'is no condition'],
  ['{type: temporal, rules: [a], timespan: 5m, condition: a and b}', '`b` is not in `rules`'],
  ['{type: event_count, timespan: 5m, condition: {gt: 1}}', '`rules` is missing'],
])('a correlation %s is refused', (correlation, reason) => {
  const { set } = loadRuleText(`title: c\ncorrelation: ${correlation}\n`, 'c.yml')
  expect(set.faults.map(({ message }) => message).join('\n')).toContain(reason)
})
