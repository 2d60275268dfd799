import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Node = { [name: string]: Node | string }

/** The field set's TypeScript declaration in @elastic/ecs, as nested names and types. */
function fieldSet(name: string): Node {
  const file = join('node_modules/@elastic/ecs/build/esm', `${name}.d.ts`)
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
  const body = text.slice(text.indexOf('{') + 1)
  const root: Node = {}
  const stack = [root]
  for (const line of body.split('\n').map(part => part.trim())) {
    const open = /^(\w+)\?: \{$/.exec(line)
    const leaf = /^(\w+)\?: (.+);$/.exec(line)
    const top = stack.at(-1)
    if (top === undefined) break
    if (open?.[1] !== undefined) {
      const child: Node = {}
      top[open[1]] = child
      stack.push(child)
    } else if (leaf?.[1] !== undefined && leaf[2] !== undefined) top[leaf[1]] = leaf[2]
    else if (line.startsWith('}')) stack.pop()
  }
  return root
}

/** Fields that ECS 9.4 does not have, or has with another type; empty when all is well. */
export function fieldFaults(set: string, document: object): string[] {
  return faults(document, fieldSet(set), set)
}

function faults(value: unknown, schema: Node | string | undefined, path: string): string[] {
  if (schema === undefined) return [`${path}: no such field`]
  if (typeof schema === 'string') return fits(value, schema) ? [] : [`${path}: not ${schema}`]
  if (typeof value !== 'object' || value === null) return [`${path}: not an object`]
  return Object.entries(value).flatMap(([name, inner]) =>
    faults(inner, schema[name], `${path}.${name}`),
  )
}

function fits(value: unknown, type: string): boolean {
  const list = Array.isArray(value) && value.length > 0 && type.includes('Array<string>')
  if (list) return value.every(item => typeof item === 'string')
  return value !== '' && type.split(' | ').includes(typeof value)
}
