import { type Expression, type Selection } from '../ast.ts'
import { type Faults, quote } from '../fault.ts'
import { itemExpression } from '../modifiers/item.ts'
import { type Placeholders } from '../modifiers/placeholders.ts'
import { type ListNode, type MapNode, type Node } from '../yaml/node.ts'

/** The named parts of `detection` or `filter`: every key but those in `reserved`. */
export function parseSelections(
  map: MapNode,
  reserved: readonly string[],
  faults: Faults,
  placeholders: Placeholders,
): ReadonlyMap<string, Selection> {
  const selections = new Map<string, Selection>()
  for (const [name, { offset, value }] of map.entries) {
    if (reserved.includes(name)) continue
    const expression = parseSelection(name, value, faults, placeholders)
    if (expression !== undefined) selections.set(name, { name, offset, expression })
    if (!/^[\w-]+$/.test(name)) {
      const text = `no condition can name the selection ${quote(name)}; use letters, digits, _ and -`
      faults.warn(offset, text)
    }
  }
  return selections
}

function parseSelection(
  name: string,
  node: Node,
  faults: Faults,
  placeholders: Placeholders,
): Expression | undefined {
  if (node.type === 'map') return parseMap(name, node, faults, placeholders)
  if (node.type === 'list') return parseList(name, node, faults, placeholders)
  if (node.value === null) return faults.error(node.offset, `the selection ${quote(name)} is empty`)
  return itemExpression({ key: '', offset: node.offset, value: node }, faults, placeholders)
}

/** A map: all of its items. */
function parseMap(
  name: string,
  map: MapNode,
  faults: Faults,
  placeholders: Placeholders,
): Expression | undefined {
  if (map.entries.size === 0) {
    return faults.error(map.offset, `the selection ${quote(name)} is empty`)
  }
  const items = Array.from(map.entries, ([key, { offset, value }]) =>
    itemExpression({ key, offset, value }, faults, placeholders),
  )
  return joined('and', items)
}

/** A list: any of its maps and keywords. */
function parseList(
  name: string,
  list: ListNode,
  faults: Faults,
  placeholders: Placeholders,
): Expression | undefined {
  if (list.items.length === 0) {
    return faults.error(list.offset, `the selection ${quote(name)} is empty`)
  }
  const items = list.items.map(node => {
    if (node.type !== 'list') return parseSelection(name, node, faults, placeholders)
    return faults.error(node.offset, `${quote(name)} is a list of lists; write one list`)
  })
  return joined('or', items)
}

function joined(
  op: 'and' | 'or',
  items: readonly (Expression | undefined)[],
): Expression | undefined {
  const found = items.filter(item => item !== undefined)
  const [only] = found
  if (found.length < items.length || only === undefined) return undefined
  return found.length === 1 ? only : { op, items: found }
}
