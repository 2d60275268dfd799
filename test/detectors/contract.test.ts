import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type DetectorKind } from '../../src/detectors/detector.ts'
import { detectorName } from '../../src/detectors/detectors.ts'
import * as registry from '../../src/detectors/index.ts'
import { detectorsReference, rulesOf, type TimeToDetect } from '../../src/detectors/reference.ts'
import { loadRules } from '../../src/rules/load.ts'
import { attackNames } from '../generate/office/attacks/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const plan = loadRules([`${root}rules`], {
  placeholders: new Map(Object.entries(loadConfig().rules.placeholders)),
})
const files = [...new Set(plan.set.rules.map(({ rule }) => rule.source.file))]
const rules = files.map(file => ({ file: relative(root, file), text: readFileSync(file, 'utf8') }))

const times: TimeToDetect[] = JSON.parse(readFileSync(`${root}bench/time-to-detect.json`, 'utf8'))

interface Schema {
  readonly description?: string
  readonly default?: unknown
  readonly additionalProperties?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
}

describe.each(Object.entries<DetectorKind>(registry))('%s', (key, kind) => {
  const { description, additionalProperties, properties = {} }: Schema = kind.schema

  test('can be switched off, and each option has a sentence and a default', () => {
    expect(detectorName(key)).toMatch(/^[a-z]+(?:-[a-z0-9]+)*$/)
    expect(description).toMatch(/^[A-Z].*\.$/)
    expect(additionalProperties).toBe(false)
    expect(properties['enabled']).toMatchObject({ default: true })
    for (const option of Object.values(properties)) {
      expect(option.description).toMatch(/^[A-Z].*\.$/)
      expect(option.default).toBeDefined()
    }
  })

  test('says what its signals are, and a rule that is shipped listens to each', () => {
    expect(kind.signals).not.toEqual([])
    for (const { name, when, evidence } of kind.signals) {
      expect(name).toMatch(/^[a-z]+(?:-[a-z0-9]+)*$/)
      expect(when).toMatch(/^[A-Z].*\.$/)
      expect(Object.keys(evidence).join()).toMatch(/^[a-z0-9_,]+$/)
      expect(rulesOf(name, rules), name).not.toEqual([])
    }
  })
})

test('no two detectors have a signal of the same name', () => {
  const names = Object.values<DetectorKind>(registry).flatMap(kind =>
    kind.signals.map(one => one.name),
  )
  expect(new Set(names).size).toBe(names.length)
})

test('every attack of the office is caught by the rule that is about it', () => {
  expect(times.map(({ attack }) => attack)).toEqual(attackNames)
  expect(times.filter(({ rule }) => rule === undefined)).toEqual([])
})

test('docs/detectors.md is up to date', () => {
  const written = readFileSync(`${root}docs/detectors.md`, 'utf8')
  expect(written, 'run `npm run gen`').toBe(detectorsReference(rules, times))
})
