import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { type Program, wholeExpression } from '../../src/rules/admission/program.ts'
import { type RuleFault } from '../../src/rules/fault.ts'
import { linkRules } from '../../src/rules/link/link.ts'
import { parseRules } from '../../src/rules/parse/document.ts'

/** One case of the conformance kit; `test/conformance/README.md` says what its parts mean. */
export interface Case {
  readonly clause: string
  readonly name: string
  readonly rule: string
  readonly bare?: boolean
  readonly placeholders?: Record<string, (string | number)[]>
  readonly match?: readonly object[]
  readonly 'no-match'?: readonly object[]
  readonly faults?: readonly string[]
  readonly 'partial-faults'?: readonly string[]
  readonly warnings?: readonly string[]
}

export const files = [
  'documents.yml',
  'values.yml',
  'modifiers.yml',
  'conditions.yml',
  'filters.yml',
] as const

/** The cases of one file of the kit. */
export function readCases(file: string): Case[] {
  const path = fileURLToPath(new URL(`../conformance/${file}`, import.meta.url))
  const documents = parseAllDocuments(readFileSync(path, 'utf8'), { uniqueKeys: false })
  return documents.map(document => {
    if (document.errors.length > 0) throw document.errors[0]
    return document.toJS() as Case
  })
}

/** The programs of a case over events as plain objects, and what was said about its rules. */
export function compileCase({ rule, bare, placeholders = {} }: Case): {
  programs: Program[]
  faults: readonly RuleFault[]
} {
  const head = 'title: case\nlogsource: {category: network, service: connection}\n'
  const text = bare || /^title:|^action:/m.test(rule) ? rule : head + rule
  const ecs = text.replace(/^title:/gm, 'taxonomy: ecs\ntitle:')
  const parsed = parseRules(ecs, 'case.yml', {
    placeholders: new Map(Object.entries(placeholders)),
  })
  const { rules, faults } = linkRules(parsed)
  const programs = rules.map(linked => ({
    linked,
    kind: 'flow' as const,
    expression: wholeExpression(linked, 'flow'),
  }))
  return { programs, faults }
}
