import { type Alias } from '../ast.ts'
import { type Faults, quote } from '../fault.ts'
import { type Entry } from '../yaml/node.ts'
import { textOf } from './attributes.ts'

/** `aliases`: name → rule → field. */
export function parseAliases(entry: Entry | undefined, faults: Faults): ReadonlyMap<string, Alias> {
  const aliases = new Map<string, Alias>()
  if (entry === undefined) return aliases
  if (entry.value.type !== 'map') {
    faults.error(entry.offset, '`aliases` is a map of names')
    return aliases
  }
  for (const [name, { offset, value }] of entry.value.entries) {
    const fields = parseFields(name, { offset, value }, faults)
    if (fields !== undefined) aliases.set(name, { name, offset, fields })
  }
  return aliases
}

function parseFields(name: string, { offset, value }: Entry, faults: Faults) {
  if (value.type !== 'map') {
    return faults.error(offset, `the alias ${quote(name)} is a map of rules to their fields`)
  }
  const fields = new Map<string, string>()
  for (const [rule, field] of value.entries) {
    const text = textOf(field.value)
    if (text === undefined) faults.error(field.offset, `${quote(rule)} needs the name of a field`)
    else fields.set(rule, text)
  }
  return fields
}
