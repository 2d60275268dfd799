import { quote } from '../fault.ts'
import { plainText } from '../pattern/parts.ts'
import { type Modifier } from './operand.ts'
import { refuse } from './text.ts'

export const all: Modifier = {
  chain: chain => {
    chain.all = true
  },
}

export const neq: Modifier = {
  chain: chain => {
    chain.negated = true
  },
}

/** Values are put in before the chain starts: see `placeholders.ts`. */
export const expand: Modifier = {}

export const exists: Modifier = {
  first: true,
  chain: ({ faults, names, offset }) => {
    if (names.length === 1) return
    faults.error(offset, '`exists` stands alone: what is absent has no value to look at')
  },
  value: (_, value, { faults }) => {
    if (typeof value.value === 'boolean') return [{ type: 'exists', expected: value.value }]
    return faults.error(value.offset, `\`exists\` takes true or false, not ${quote(value.text)}`)
  },
}

export const re: Modifier = {
  group: 'kind of value',
  first: true,
  value: (_, value, chain) => {
    if (value.value === null) return refuse('re', value.offset, chain)
    return [{ type: 'regex', source: value.text, anchors: new Set() }]
  },
}

/** `i`, `m` or `s`: a flag of the regex before it. */
export function regexFlag(name: 'i' | 'm' | 's'): Modifier {
  return {
    chain: chain => {
      if (chain.names.includes('re')) chain.flags[name] = true
      else chain.faults.error(chain.offset, `\`${name}\` is a flag of \`re\`, which is not there`)
    },
  }
}

export const cidr: Modifier = {
  group: 'kind of value',
  first: true,
  value: (operand, value, chain) => {
    const text = operand.type === 'text' ? plainText(operand.pattern) : undefined
    if (text === undefined) return refuse('cidr', value.offset, chain)
    return [{ type: 'cidr', text }]
  },
}

export const fieldref: Modifier = {
  group: 'kind of value',
  value: (operand, value, { faults, names }) => {
    const text = operand.type === 'text' ? fieldName(operand.pattern, names) : undefined
    if (text !== undefined && text !== '') {
      return [{ type: 'field', other: text, shape: shapeBefore(names) }]
    }
    return faults.error(value.offset, '`fieldref` takes the name of a field, without wildcards')
  },
}

type Pattern = Parameters<typeof plainText>[0]

const places = ['contains', 'startswith', 'endswith'] as const

/** `startswith|fieldref` has put its wildcards around the name already: they are not part of it. */
function fieldName(pattern: Pattern, names: readonly string[]): string | undefined {
  const shape = shapeBefore(names)
  const from = shape === 'contains' || shape === 'endswith' ? 1 : 0
  const to = shape === 'contains' || shape === 'startswith' ? -1 : undefined
  return plainText(pattern.slice(from, to))
}

function shapeBefore(names: readonly string[]) {
  const before = names.slice(0, names.indexOf('fieldref'))
  return places.find(place => before.includes(place)) ?? 'equals'
}
