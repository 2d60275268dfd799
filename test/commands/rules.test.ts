import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { dnsQuery, ethernet, ipv4, udp } from '../generate/packets.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { orthrus } from './orthrus.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const rule = `title: onion
logsource: {category: dns}
detection:
  selection: {query|endswith: .onion}
  filter: {src_ip|cidr: 10.0.0.0/8}
  condition: selection and not filter
`
const tested = write(
  'tested.yml',
  `${rule}orthrus:
  tests:
    - {name: fires, event: {dns: {question: {name: A.Onion}}}, expect: match}
    - {name: inside, event: {dns: {question: {name: a.onion}}, source: {ip: 10.1.1.1}}, expect: no-match, because: filter}
    - {name: other, event: {dns: {question: {name: a.org}}, source: {ip: 10.1.1.1}}, expect: no-match}
    - name: twice
      timeline:
        - {at: 0, repeat: 4, every: 10m, event: {dns: {question: {name: {cycle: [a.onion, b.org]}}}}}
        - {at: 1d, event: {dns: {question: {name: c.org}}}, expect: {alerts: 0}}
      expect: {alerts: 2}
`,
)
const failing = write(
  'failing.yml',
  `${rule}orthrus.tests:
  - {name: wrong, event: {dns: {question: {name: a.org}}}, expect: match}
  - {name: not because, event: {dns: {question: {name: a.org}}}, expect: no-match, because: filter}
  - {name: right, event: {dns: {question: {name: a.onion}}}, expect: {alerts: 1, matched: [selection]}}
`,
)
const broken = write('broken.yml', rule.replace('endswith', 'endswth'))

test('rules test runs the tests of a rule', async () => {
  const { status, stdout } = await orthrus(['rules', 'test', '--mutate', tested])
  expect([status, stdout]).toEqual([0, '6 passed, 0 failed\n'])
})

test('a failed test names the leaf and what the event has', async () => {
  const { status, stdout } = await orthrus(['rules', 'test', failing])
  expect(status).toBe(1)
  expect(stdout).toContain(`${failing}:8: failed: onion: wrong\n  expected a match, got 0\n`)
  expect(stdout).toContain(
    `${failing}:4:31: dns.question.name endswith ".onion" did not match in \`selection\`: the event has "a.org"`,
  )
  expect(stdout).toContain('not because of `filter`')
  expect(stdout).toContain('1 passed, 2 failed')
})

test('a selection that no test needs is a survivor', async () => {
  const file = write(
    'few.yml',
    `${rule}orthrus.tests: [{event: {dns: {question: {name: x.onion}}}, expect: match}]\n`,
  )
  const { status, stdout } = await orthrus(['rules', 'test', '--mutate', file])
  expect(status).toBe(1)
  expect(stdout).toContain('no test fails without `filter`; add a near miss for it')
})

test('JUnit and JSON', async () => {
  const xml = await orthrus(['rules', 'test', '-o', 'junit', failing])
  expect(xml.stdout).toMatch(/<testsuite name="onion" tests="3" failures="2"/)
  expect(xml.stdout).toContain('endswith &quot;.onion&quot;')
  const json = await orthrus(['rules', 'test', '-o', 'json', failing])
  const { rules } = JSON.parse(json.stdout) as { rules: { tests: { failures: string[] }[] }[] }
  expect(rules[0]?.tests.map(({ failures }) => failures.length > 0)).toEqual([true, true, false])
})

test('a sidecar holds tests, also of NDJSON files', async () => {
  const file = write('beside.yml', rule)
  write(
    'events.ndjson',
    '{"dns":{"question":{"name":"a.onion"}}}\n\n{"dns":{"question":{"name":"b"}}}\n',
  )
  write(
    'beside.test.yml',
    'tests:\n  - {name: file, ndjson: events.ndjson, expect: {at-least: 1, at-most: 1}}\n',
  )
  const { status, stdout } = await orthrus(['rules', 'test', file])
  expect([status, stdout]).toEqual([0, '1 passed, 0 failed\n'])
})

test('a test may be a capture, which goes through the whole decoder', async () => {
  const names = ['a.onion', 'A.B.Onion', 'c.test', 'd.onion.test']
  writeFileSync(join(folder, 'names.pcap'), pcap(captured(names.map(query))))
  const head = `${rule}orthrus.tests:\n`
  const good = write(
    'captured.yml',
    `${head}  - {name: two, pcap: names.pcap, expect: {alerts: 2, fields: {dns.type: query}}}\n`,
  )
  const mutated = await orthrus(['rules', 'test', '--mutate', good])
  expect(mutated.stdout).toContain('no test fails without `filter`')
  expect(mutated.stdout).toContain('2 passed, 1 failed')
  const bad = write(
    'captured-bad.yml',
    `${head}  - {name: three, pcap: names.pcap, expect: {alerts: 3}}\n`,
  )
  const { status, stdout } = await orthrus(['rules', 'test', bad])
  expect([status, stdout]).toEqual([1, expect.stringContaining('expected 3 alerts, got 2')])
  const absent = write(
    'captured-absent.yml',
    `${head}  - {name: none, pcap: none.pcap, expect: match}\n`,
  )
  const none = await orthrus(['rules', 'test', absent])
  expect(none.status).toBe(1)
  expect(none.stdout).toContain(`cannot read ${join(folder, 'none.pcap')}: `)
})

describe('regression_tests_path, as SigmaHQ keeps it', () => {
  const data = join(folder, 'regression_data')
  mkdirSync(join(folder, 'repository', 'rules', 'dns'), { recursive: true })
  mkdirSync(data, { recursive: true })
  const path = (name: string) => `regression_data/${name}`
  const info = (tests: string) => `id: 1\nregression_tests_info:\n${tests}`
  const test1 = (file: string, count: number) =>
    `  - {name: ${file}, type: json, provider: x, match_count: ${count}, path: ${path(file)}}\n`
  const ruleAt = (name: string, tests: string) => {
    write(path(`${name}.info.yml`), info(tests))
    return write(
      `repository/rules/dns/${name}.yml`,
      `${rule}regression_tests_path: ${path(`${name}.info.yml`)}\n`,
    )
  }
  const [one, two] = ['{"dns":{"question":{"name":"a.onion"}}}', '{"query":"b.test"}']
  write(path('one.json'), one)
  write(path('list.json'), `[${one},\n${two},\n${one}]`)
  write(path('lines.json'), `${one}\r\n\r\n${two}\n${one}\n`)

  test('an event, a list and lines of events are read', async () => {
    const file = ruleAt(
      'good',
      test1('one.json', 1) + test1('list.json', 2) + test1('lines.json', 2),
    )
    const { status, stdout } = await orthrus(['rules', 'test', file])
    expect([status, stdout]).toEqual([0, '3 passed, 0 failed\n'])
  })

  test('a wrong count and JSON that is none fail', async () => {
    write(path('bad.json'), `${one}\n{]\n`)
    const file = ruleAt('wrong', test1('list.json', 1) + test1('bad.json', 1))
    const { status, stdout } = await orthrus(['rules', 'test', file])
    expect(status).toBe(1)
    expect(stdout).toContain('expected 1 alert, got 2')
    expect(stdout).toMatch(/cannot read .*bad\.json: line 2: /)
  })

  test('evtx is left out with a warning, a path to nowhere is a fault', async () => {
    const evtx = `  - {name: old, type: evtx, match_count: 1, path: ${path('x.evtx')}}\n`
    const file = ruleAt('evtx', evtx)
    const left = await orthrus(['rules', 'test', file])
    expect([left.status, left.stdout]).toEqual([0, expect.stringContaining('0 passed, 0 failed')])
    expect(left.stderr).toContain('evtx.info.yml:3:23: warning: the test `old` is left out')
    const lost = write(
      'repository/rules/dns/lost.yml',
      `${rule}regression_tests_path: no/info.yml\n`,
    )
    const { status, stderr } = await orthrus(['rules', 'test', lost])
    expect(status).toBe(2)
    expect(stderr).toContain(`${lost}:7:24: no folder above the rule has \`no/info.yml\``)
  })
})

test('a faulty rule and a faulty test have status 2', async () => {
  const one = await orthrus(['rules', 'test', broken])
  expect(one.status).toBe(2)
  expect(one.stderr).toContain(
    `${broken}:4:15: there is no modifier \`endswth\`; did you mean \`endswith\`?`,
  )
  const file = write('bad-test.yml', `${rule}orthrus.tests: [{evnt: {}, expect: match}]\n`)
  const two = await orthrus(['rules', 'test', file])
  expect(two.status).toBe(2)
  expect(two.stderr).toContain('a test has no `evnt`')
})

test('rules list says what runs and why not', async () => {
  const { status, stdout } = await orthrus(['rules', 'list', '-o', 'json', folder])
  const { rules } = JSON.parse(stdout) as {
    rules: { file: string; state: string; reasons: string[] }[]
  }
  expect(status).toBe(0)
  expect(rules.find(({ file }) => file === broken)).toMatchObject({ state: 'invalid' })
  expect(rules.find(({ file }) => file === tested)).toMatchObject({ state: 'runs', reasons: [] })
})

test('check takes rules, prints the report and has status 2 for a faulty one', async () => {
  const { status, stdout } = await orthrus(['check', '-o', 'json', tested, broken])
  expect(status).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({
    rules: [
      { file: tested, state: 'runs' },
      { file: broken, state: 'invalid' },
    ],
    faults: [{ file: broken, line: 4, column: 15 }],
  })
  const good = await orthrus(['check', '-o', 'text', tested])
  expect(good.status).toBe(0)
  expect(good.stderr).toContain('1 runs, 0 weakened, 0 cannot-run, 0 invalid')
})

test('placeholders come from the configuration', async () => {
  const config = write('orthrus.yaml', 'rules: {placeholders: {evil: [a.test, b.test]}}\n')
  const file = write(
    'expand.yml',
    'title: e\nlogsource: {category: dns}\ndetection: {s: {query|expand: "%evil%"}, condition: s}\n',
  )
  const without = await orthrus(['check', '-o', 'text', file])
  expect(without.stderr).toContain('no values for the placeholder `%evil%`')
  expect((await orthrus(['check', '-c', config, file])).status).toBe(0)
})

test('rules explain shows each part with its answer', async () => {
  const event = write(
    'event.json',
    '{"event":{"dataset":"orthrus.dns"},"dns":{"question":{"name":"x.onion"}},"source":{"ip":"10.0.0.1"}}',
  )
  const { status, stdout } = await orthrus(['rules', 'explain', '-o', 'text', tested, event])
  expect(status).toBe(0)
  expect(stdout).toContain('onion: no match')
  expect(stdout).toContain('source.ip in 10.0.0.0/8 matched in `filter`: the event has "10.0.0.1"')
  const other = write('flow.json', '{"event":{"dataset":"orthrus.flow"}}')
  const flow = await orthrus(['rules', 'explain', '-o', 'text', tested, other])
  expect(flow.stdout).toContain('does not look at events of this kind')
  const bad = await orthrus(['rules', 'explain', tested, write('bad.json', '[')])
  expect(bad.status).toBe(2)
})

test('check says what is wrong with our own attributes, and where', async () => {
  const file = write(
    'attributes.yml',
    `${rule}orthrus:\n  suppress: {by: [source.ip], fro: 1h}\n---\n${rule.replace('onion', 'two')}orthrus.baseline: {type: new}\n`,
  )
  const { status, stdout, stderr } = await orthrus(['check', file])
  expect(status).toBe(2)
  expect(stderr).toContain(`${file}:8:31: \`orthrus.suppress\` has no \`fro\`; did you mean for?`)
  const { rules, faults } = JSON.parse(stdout) as {
    rules: { state: string; reasons: string[] }[]
    faults: { line: number; column: number }[]
  }
  expect(rules.map(({ state }) => state)).toEqual(['invalid', 'invalid'])
  expect(rules[0]?.reasons[0]).toContain('has no `fro`')
  expect(faults[0]).toMatchObject({ line: 8, column: 31 })
  expect(faults.some(({ line }) => line === 16)).toBe(true)
})

test('check --strict takes a warning for a fault', async () => {
  const file = write('warned.yml', rule.replace('title: onion', 'title: warned\nid: no-uuid'))
  expect((await orthrus(['check', file])).status).toBe(0)
  expect((await orthrus(['check', '--strict', file])).status).toBe(2)
})

test('--strict stops tests and replays at the first fault of a rule, and names all', async () => {
  const both = [tested, broken]
  const tests = await orthrus(['rules', 'test', '--strict', ...both])
  expect([tests.status, tests.stdout]).toEqual([2, ''])
  expect(tests.stderr).toContain(`${broken}:4:15: there is no modifier`)
  const config = write('strict.yaml', `rules: {paths: ['${tested}', '${broken}']}\n`)
  const capture = join(folder, 'query.pcap')
  writeFileSync(capture, pcap(captured([query('a.onion'), query('b.onion')])))
  const command = ['replay', '-c', config, '--learn', '0', capture]
  const loose = await orthrus(command)
  expect(loose.status).toBe(0)
  expect(titles(loose.stdout)).toContain('onion')
  const strict = await orthrus([...command, '--strict'])
  expect([strict.status, strict.stdout]).toEqual([2, ''])
  expect(strict.stderr).toContain(`${broken}:4:15: there is no modifier`)
  const asked = write('asked.yaml', `rules: {strict: true, paths: ['${broken}']}\n`)
  expect((await orthrus(['replay', '-c', asked, capture])).status).toBe(2)
})

test('--no-index gives the same alerts, byte for byte', async () => {
  const config = write('index.yaml', `rules: {paths: ['${tested}']}\n`)
  const capture = join(folder, 'queries.pcap')
  const names = ['a.onion', 'a.org', 'B.ONION', 'c.test']
  writeFileSync(capture, pcap(captured(names.map(query))))
  const command = ['replay', '-c', config, '--learn', '0', capture]
  const [one, two] = [await orthrus(command), await orthrus([...command, '--no-index'])]
  expect([one.status, two.status]).toEqual([0, 0])
  expect(titles(one.stdout)).toContain('onion')
  expect(two.stdout).toBe(one.stdout)
})

function query(name: string): Uint8Array {
  const [client, resolver] = [
    { ip: '10.1.0.5', mac: '02:00:00:00:00:05', port: 40_000 + name.length },
    { ip: '198.51.100.1', mac: '02:00:00:00:00:01', port: 53 },
  ]
  const layer = udp({ srcPort: client.port, dstPort: 53 }, dnsQuery(name))
  return ethernet(
    { src: client.mac, dst: resolver.mac },
    ipv4({ src: '203.0.113.5', dst: resolver.ip }, layer),
  )
}

/** Of the rules that alerted. */
function titles(lines: string): string[] {
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => (JSON.parse(line) as { rule: { name: string } }).rule.name)
}
