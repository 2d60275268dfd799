import { closest } from '../../config/suggest.ts'
import { type Faults, quote } from '../fault.ts'
import { aliases, modifiers } from './index.ts'
import { type Chain } from './operand.ts'

/** The modifiers of a key, checked: known, in a possible order, without contradictions. */
export function chainOf(key: string, offset: number, faults: Faults): Chain | undefined {
  const [field = '', ...written] = key.split('|')
  const names = written.map(name => aliases.get(name) ?? name)
  const chain: Chain = {
    faults,
    offset,
    field: field === '' ? undefined : field,
    names,
    all: false,
    negated: false,
    cased: false,
    flags: { i: false, m: false, s: false },
  }
  return isSound(chain) ? chain : undefined
}

function isSound(chain: Chain): boolean {
  const { names, faults, offset } = chain
  const before = faults.list.length
  for (const [index, name] of names.entries()) {
    if (!modifiers.has(name)) faults.error(offset, unknownModifier(name))
    else if (names.indexOf(name) < index) {
      faults.error(offset, `the modifier \`${name}\` stands there twice`)
    } else checkOrder(name, index, chain)
  }
  checkPairs(chain)
  return faults.list.length === before
}

function checkOrder(name: string, index: number, { names, faults, offset }: Chain): void {
  const { group, first } = modifiers.get(name) ?? {}
  const before = names.slice(0, index)
  const rival = before.find(other => group !== undefined && modifiers.get(other)?.group === group)
  if (rival !== undefined) {
    faults.error(offset, `\`${rival}\` and \`${name}\` contradict each other`)
  }
  if (first === true && before.some(changesValues)) {
    faults.error(offset, `\`${name}\` must come first, before \`${names[index - 1]}\``)
  }
}

/** Modifiers that only take part in how values are joined or compared may stand anywhere. */
function changesValues(name: string): boolean {
  return !['all', 'neq', 'cased', 'expand'].includes(name)
}

/** Kinds of values, and what else can be said about them. */
const company: Readonly<Record<string, readonly string[]>> = {
  cidr: [],
  re: ['contains', 'startswith', 'endswith', 'i', 'm', 's'],
  fieldref: ['contains', 'startswith', 'endswith', 'cased'],
  ...Object.fromEntries(['lt', 'lte', 'gt', 'gte'].map(name => [name, dateParts()])),
  ...Object.fromEntries(dateParts().map(name => [name, ['lt', 'lte', 'gt', 'gte']])),
}

function dateParts(): string[] {
  return ['minute', 'hour', 'day', 'week', 'month', 'year']
}

const needField = ['exists', 'cidr', 'fieldref', 'lt', 'lte', 'gt', 'gte', ...dateParts()]

function checkPairs({ names, faults, offset, field }: Chain): void {
  for (const name of names) {
    const allowed = company[name]
    const alien = allowed && names.find(other => !isCompany(other, name, allowed))
    if (alien !== undefined) {
      faults.error(offset, `\`${name}\` and \`${alien}\` contradict each other`)
      return
    }
    if (field === undefined && needField.includes(name)) {
      faults.error(offset, `\`${name}\` needs a field before it`)
    }
  }
}

function isCompany(other: string, name: string, allowed: readonly string[]): boolean {
  return other === name || ['all', 'neq', 'expand'].includes(other) || allowed.includes(other)
}

function unknownModifier(name: string): string {
  const names = [...modifiers.keys(), ...aliases.keys()]
  const near = closest(name, names)
  const hint = near === undefined ? `allowed are ${names.join(', ')}` : `did you mean \`${near}\`?`
  return `there is no modifier ${quote(name)}; ${hint}`
}
