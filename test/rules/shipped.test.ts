import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { loadRules } from '../../src/rules/load.ts'
import { rulesReference } from '../../src/rules/reference.ts'
import { compileRules } from '../../src/rules/ruleset.ts'
import { objectReader } from '../../src/rules/slots/object.ts'
import { parseTests } from '../../src/rules/testing/parse.ts'
import { testCorrelation, testRule } from '../../src/rules/testing/suite.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const placeholders = new Map(Object.entries(loadConfig().rules.placeholders))
const plan = loadRules([`${root}rules`], { placeholders })
const documents = [...plan.set.rules, ...plan.set.correlations].map(({ rule }) => rule)
const named = documents.map(rule => ({ file: relative(root, rule.source.file), rule }))

/** Of MITRE ATT&CK 17, in the words that Sigma writes. */
const tactics = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
]

test('the shipped rules are read without a fault, warnings included', () => {
  expect(plan.set.faults).toEqual([])
  expect(documents.length).toBeGreaterThanOrEqual(45)
})

test('every shipped rule runs here, in full and by default', () => {
  const others = plan.report.filter(({ state, enabled }) => state !== 'runs' || !enabled)
  expect(others).toEqual([])
})

test('ids belong to one rule each, and the new device keeps the one of its alerts', () => {
  const ids = documents.map(({ meta }) => meta.id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toContain('6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01')
})

test('one file holds one rule', () => {
  const files = named.map(({ file }) => file)
  expect(new Set(files).size).toBe(files.length)
})

describe.each(named)('$file', ({ rule }) => {
  const { meta, extensions } = rule

  test('says what it is, what to do next, and when it is wrong', () => {
    expect(meta.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(meta).toMatchObject({ status: 'test', taxonomy: 'ecs', license: 'Apache-2.0' })
    expect(meta.level).toBeDefined()
    expect(meta.description?.split(/[.:;] /).length).toBeGreaterThan(1)
    expect(meta.falsepositives.length).toBeGreaterThan(0)
  })

  test('names tactics and techniques of ATT&CK', () => {
    expect(meta.tags.filter(tag => /^attack\.t\d{4}(?:\.\d{3})?$/.test(tag))).not.toEqual([])
    const words = meta.tags.filter(tag => !/^attack\.t\d/.test(tag))
    expect(words).not.toEqual([])
    for (const word of words) expect(tactics).toContain(word.replace('attack.', ''))
  })

  test('has a positive test, a negative one and a near miss', () => {
    const node = extensions.get('tests')
    if (node === undefined) throw new Error('the rule has no tests')
    const { tests, faults } = parseTests({ source: rule.source, node })
    expect(faults.list).toEqual([])
    expect(tests.length).toBeGreaterThanOrEqual(3)
    expect(tests.filter(({ name }) => name.startsWith('near miss')).length).toBeGreaterThan(0)
    // What expects something at a moment expects an alert somewhere.
    const positive = tests.filter(({ expect, steps }) => {
      const moments = 'file' in steps ? [] : steps.map(step => step.expect)
      return [expect, ...moments].some(one => (one?.least ?? 0) > 0)
    })
    expect(positive).not.toEqual([])
    expect(tests.length).toBeGreaterThan(positive.length)
  })
})

test.each(plan.set.rules.map(linked => ({ title: linked.rule.meta.title, linked })))(
  '$title: its tests pass, and fail without any of its selections',
  async ({ linked }) => {
    const { tests, faults } = await testRule(linked, { mutate: true })
    const failed = tests.filter(({ failures }) => failures.length > 0)
    expect(faults).toEqual([])
    expect(failed.map(({ name, failures }) => [name, ...failures])).toEqual([])
  },
)

test.each(plan.set.correlations.map(linked => ({ title: linked.rule.meta.title, linked })))(
  '$title: its tests pass',
  async ({ linked }) => {
    const { tests, faults } = await testCorrelation(linked, plan.set)
    const failed = tests.filter(({ failures }) => failures.length > 0)
    expect(faults).toEqual([])
    expect(failed.map(({ name, failures }) => [name, ...failures])).toEqual([])
  },
)

test('the attributes of ours are sound', () => {
  const options = { readerOf: () => objectReader, kindOf: () => undefined, timeOf: () => 0 }
  expect(compileRules(plan, options)).toMatchObject({ faults: [], size: documents.length })
})

test('docs/shipped-rules.md is up to date', () => {
  const written = readFileSync(`${root}docs/shipped-rules.md`, 'utf8')
  expect(written, 'run `npm run gen`').toBe(rulesReference(plan, root))
})
