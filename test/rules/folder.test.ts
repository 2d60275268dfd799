import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../../bench/lib/random.ts'
import { type Plan } from '../../src/rules/admission/admit.ts'
import { type RuleFault } from '../../src/rules/fault.ts'
import { loadRules } from '../../src/rules/load.ts'
import { compileRules } from '../../src/rules/ruleset.ts'
import { objectReader } from '../../src/rules/slots/object.ts'
import { refused } from './folder/refused.ts'
import { correlation, filter, validRule } from './folder/valid.ts'

/** As broad as the public repository, and as careless as what people add to it. */
const folder = mkdtempSync(join(tmpdir(), 'orthrus-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

const plain = 2400
const random = new Random(42)
const options = { placeholders: new Map([['known', ['a', 'b']]]) }

/** How a file may be written without being another rule. */
const spellings: readonly ((text: string) => string)[] = [
  text => text,
  text => `\ufeff${text}`,
  text => text.replaceAll('\n', '\r\n'),
  text => `\ufeff${text.replaceAll('\n', '\r\n')}`,
  text => `---\n${text}`,
  text => `# a comment\n\n---\n${text}\n...\n`,
  text => text.replace(/\n$/, ''),
  text => text.replaceAll('\n', '  \n').replaceAll('|  \n', '|\n'),
  text => text.replace(/^(status: .*)$/m, '$1\t# a tab before a comment'),
  text => `${text}---\n# nothing more\n`,
]

function write(name: string, content: string | Buffer): string {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

const sound: string[] = []
const broken = new Map<string, { name: string; reason: RegExp }>()
let plan: Plan

beforeAll(() => {
  for (let number = 0; number < plain; number++) {
    const spelling = spellings[number % spellings.length] ?? String
    sound.push(
      write(`rules/${number % 40}/rule_${number}.yml`, spelling(validRule(random, number))),
    )
  }
  for (let index = 0; index < 200; index++) {
    const targets = [random.below(plain), random.below(plain)]
    const text = correlation(random, 10_000 + index, targets)
    sound.push(write(`correlations/c${index}.yml`, text))
    sound.push(write(`filters/f${index}.yaml`, filter(random, 20_000 + index, index)))
  }
  for (let index = 0; index < 100; index++) {
    const rules = [0, 1, 2].map(part => validRule(random, 30_000 + 3 * index + part))
    sound.push(write(`several/${index}.yml`, rules.join('---\n')))
  }
  for (const [index, [name, text, reason]] of refused.entries()) {
    broken.set(write(`refused/${index}.yml`, text), { name, reason })
  }
  write('empty.yml', '')
  write('comment.yml', '# nothing\n')
  write('.hidden/x.yml', 'title: [')
  write('notes.txt', 'title: [')
  plan = loadRules([folder], options)
}, 120_000)

function errorsOf(file: string): RuleFault[] {
  return plan.set.faults.filter(fault => fault.file === file && fault.severity === 'error')
}

describe('a folder like the public repository', () => {
  test('every sound rule is taken, however it is written', () => {
    const wrong = plan.set.faults.filter(
      ({ file, severity }) => severity === 'error' && !broken.has(file),
    )
    expect(wrong).toEqual([])
    const rules = plan.report.filter(({ kind }) => kind === 'detection')
    expect(rules.filter(({ state }) => state !== 'invalid').length).toBe(plain + 300)
    expect([plan.set.correlations.length, plan.set.filters.length]).toEqual([200, 200])
  })

  test.each(refused.map(([name, , reason], index) => [name, reason, index] as const))(
    'refused with its reason: %s',
    (_, reason, index) => {
      const file = join(folder, 'refused', `${index}.yml`)
      expect(
        errorsOf(file)
          .map(({ message }) => message)
          .join('\n'),
      ).toMatch(reason)
      expect(plan.report.some(one => one.file === file && one.state === 'invalid')).toBe(true)
    },
  )

  test('every fault stands where there is something', () => {
    for (const { file, line, column, message } of plan.set.faults) {
      const lines = readFileSync(file, 'utf8').split('\n')
      expect(line, message).toBeGreaterThan(0)
      expect(line, `${file}: ${message}`).toBeLessThanOrEqual(lines.length)
      expect(column, message).toBeGreaterThan(0)
      expect(column, `${file}: ${message}`).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 2)
    }
  })

  test('every document is in the report, those that cannot run with the reason', () => {
    expect(plan.report.length).toBe(plain + 300 + 400 + broken.size)
    for (const { state, reasons, title } of plan.report) {
      if (state === 'cannot-run' || state === 'invalid') expect(reasons, title).not.toEqual([])
    }
    const states = new Set(plan.report.map(({ state }) => state))
    expect([...states].sort()).toEqual(['cannot-run', 'invalid', 'runs', 'weakened'])
  })

  test('what runs, runs', () => {
    const rules = compileRules<object>(plan, {
      readerOf: () => objectReader,
      kindOf: () => 'dns',
      timeOf: () => 0,
    })
    expect(rules.size).toBeGreaterThan(10)
    for (const name of ['a.evil.test', '', 'ab'.repeat(3000)]) {
      rules.evaluate({ dns: { question: { name } } }, () => undefined)
    }
    expect(rules.counts.events).toBe(3)
  })

  test('a name that is like a pattern of many stars does not hold the load up', () => {
    const pattern = `${'a*'.repeat(200)}b`
    const file = write(
      'stars/stars.yml',
      `title: x\nlogsource: {category: dns}\ndetection:\n  ${'a'.repeat(900)}: {query: a}\n  condition: 1 of ${pattern}\n`,
    )
    const { set } = loadRules([file])
    expect(set.faults[0]?.message).toContain('finds no selection')
  })
})

test('rules with random slips never throw, and are taken or refused with a place', () => {
  const slips = new Random(7)
  const pieces = [
    '',
    '\n',
    ':',
    '- ',
    '|',
    "'",
    '"',
    '[',
    '{',
    '\t',
    '&a',
    '*a',
    '!x',
    '\0',
    '\ufffd',
    '  ',
  ]
  const files = Array.from({ length: 600 }, (_, number) => {
    let text = validRule(slips, number)
    for (let count = 1 + slips.below(3); count > 0; count--) {
      const at = slips.below(text.length)
      text = text.slice(0, at) + slips.of(pieces) + text.slice(at + slips.below(4))
    }
    return write(`slips/${number}.yml`, text)
  })
  const { set, report } = loadRules([join(folder, 'slips')], options)
  const seen = new Set(report.map(({ file }) => file))
  expect(files.filter(file => !seen.has(file))).toEqual([])
  for (const one of report.filter(({ state }) => state === 'invalid')) {
    expect(set.faults.some(({ file, severity }) => file === one.file && severity === 'error')).toBe(
      true,
    )
  }
})
