import { closest } from '../../config/suggest.ts'
import { type Condition, type Expression, type Selection } from '../ast.ts'
import { type Faults, quote } from '../fault.ts'
import { type Node, type ScalarNode } from '../yaml/node.ts'
import { isShouted, type Language, parseBoolean } from './boolean.ts'

type Selections = ReadonlyMap<string, Selection>

const none: readonly Condition[] = []

/** `condition`: one text, or a list of alternatives. Warns of selections that none of them uses. */
export function parseConditions(
  node: Node | undefined,
  selections: Selections,
  offset: number,
  faults: Faults,
): readonly Condition[] {
  const texts = node?.type === 'list' ? node.items : node === undefined ? [] : [node]
  if (texts.length === 0) {
    faults.error(node?.offset ?? offset, '`condition` is missing; name a selection in it')
    return none
  }
  const used = new Set<string>()
  const conditions = texts.flatMap(text => parseCondition(text, selections, used, faults) ?? [])
  if (conditions.length < texts.length) return none
  for (const { name, offset: place } of selections.values()) {
    if (!used.has(name)) faults.warn(place, `no condition uses the selection ${quote(name)}`)
  }
  return conditions
}

function parseCondition(
  node: Node,
  selections: Selections,
  used: Set<string>,
  faults: Faults,
): Condition | undefined {
  if (node.type !== 'scalar' || typeof node.value !== 'string') {
    return faults.error(node.offset, '`condition` is a text such as `selection and not filter`')
  }
  if (isShouted(node.value)) {
    faults.warn(node.offset, 'other tools read `and`, `or`, `not` in lower case only')
  }
  const expression = read(node, selections, used, faults)
  return expression && { text: node.value, offset: node.offset, expression }
}

function read(
  { text, offset }: ScalarNode,
  selections: Selections,
  used: Set<string>,
  faults: Faults,
): Expression | undefined {
  const use = ({ name, expression }: Selection): Expression => {
    used.add(name)
    return { op: 'selection', name, item: expression }
  }
  const language: Language<Expression> = {
    and: items => ({ op: 'and', items }),
    or: items => ({ op: 'or', items }),
    not: item => ({ op: 'not', item }),
    leaf: word => {
      const selection = selections.get(word)
      if (selection !== undefined) return use(selection)
      return faults.error(offset, unknown(word, selections))
    },
    quantified: (quantifier, pattern) => {
      const op = operatorOf(quantifier)
      if (op === undefined) return faults.error(offset, badQuantifier(quantifier))
      const items = matching(pattern, selections).map(use)
      if (items.length > 0) return { op, items }
      return faults.error(
        offset,
        `${quote(`${quantifier} of ${pattern}`)} finds no selection${known(selections)}`,
      )
    },
  }
  return parseBoolean(text, offset, faults, language)
}

function operatorOf(quantifier: string): 'and' | 'or' | undefined {
  const word = quantifier.toLowerCase()
  if (word === 'all') return 'and'
  return word === '1' || word === 'any' ? 'or' : undefined
}

function badQuantifier(quantifier: string): string {
  return `${quote(`${quantifier} of`)} is not Sigma; allowed are \`1 of\`, \`any of\` and \`all of\``
}

/** Names that start with `_` are found only by patterns that do. */
function matching(pattern: string, selections: Selections): Selection[] {
  const all = pattern === 'them'
  const regex = new RegExp(`^${pattern.replace(/\*+/g, '.*')}$`)
  const hidden = pattern.startsWith('_')
  return [...selections.values()].filter(
    ({ name }) => (all || regex.test(name)) && (hidden || !name.startsWith('_')),
  )
}

function unknown(word: string, selections: Selections): string {
  if (word.includes('*'))
    return `${quote(word)} is a pattern; write \`1 of ${word}\` or \`all of ${word}\``
  const near = closest(word, [...selections.keys()])
  const hint = near === undefined ? known(selections) : `; did you mean \`${near}\`?`
  return `there is no selection ${quote(word)}${hint}`
}

function known(selections: Selections): string {
  if (selections.size === 0) return ''
  return `; there are ${[...selections.keys()].slice(0, 20).map(quote).join(', ')}`
}
