import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
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
