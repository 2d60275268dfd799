import { closest } from '../../config/suggest.ts'
import { type Faults, orList, quote } from '../fault.ts'
import { type MapNode, type Node } from '../yaml/node.ts'

/** Attributes of ours, under `orthrus:` or as `orthrus.NAME`. */
export const extensionNames = ['baseline', 'suppress', 'tests'] as const

const prefix = 'orthrus.'

/** Our own attributes of a document, as they stand. */
export function parseExtensions(map: MapNode, faults: Faults): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>()
  const add = (name: string, offset: number, value: Node) => {
    if (!extensionNames.some(known => known === name)) {
      const near = closest(name, extensionNames) ?? orList(extensionNames)
      faults.error(offset, `\`orthrus\` has no ${quote(name)}; did you mean ${near}?`)
    } else if (found.has(name)) faults.error(offset, `\`orthrus.${name}\` stands there twice`)
    else found.set(name, value)
  }
  for (const [key, { offset, value }] of map.entries) {
    if (key.startsWith(prefix)) add(key.slice(prefix.length), offset, value)
    if (key !== 'orthrus') continue
    if (value.type !== 'map')
      faults.error(offset, `\`orthrus\` is a map of ${orList(extensionNames)}`)
    else for (const [name, inner] of value.entries) add(name, inner.offset, inner.value)
  }
  return found
}
