import { quote } from '../fault.ts'
import { type ScalarNode } from '../yaml/node.ts'
import { type Chain } from './operand.ts'

/** Values for `%name%`, from the configuration: each a Sigma value with its own wildcards. */
export type Placeholders = ReadonlyMap<string, readonly (string | number)[]>

const mostValues = 10_000

/**
 * The value once for each combination of what its placeholders stand for; `\%` is a percent sign.
 * Undefined, with a fault, for a placeholder without values.
 */
export function expandPlaceholders(
  value: ScalarNode,
  known: Placeholders,
  chain: Chain,
): readonly ScalarNode[] | undefined {
  if (typeof value.value !== 'string') return [value]
  const pieces = value.text.split(/(\\%|%[^%\s\\]+%)/)
  let texts: readonly string[] = ['']
  for (const piece of pieces) {
    const options = optionsFor(piece, known, value, chain)
    if (options === undefined) return undefined
    if (texts.length * options.length > mostValues) {
      return chain.faults.error(value.offset, `its placeholders make over ${mostValues} values`)
    }
    texts = texts.flatMap(start => options.map(option => start + option))
  }
  return texts.map(text => ({ ...value, value: text, text }))
}

function optionsFor(piece: string, known: Placeholders, value: ScalarNode, chain: Chain) {
  if (piece === '\\%') return ['%']
  if (piece.length < 3 || !piece.startsWith('%') || !piece.endsWith('%')) return [piece]
  const values = known.get(piece.slice(1, -1))
  if (values === undefined || values.length === 0) {
    const names = [...known.keys()].map(quote).join(', ') || 'none'
    const text = `no values for the placeholder ${quote(piece)}; \`rules.placeholders\` has ${names}`
    return chain.faults.error(value.offset, text)
  }
  return values.map(one => (chain.names.includes('re') ? escapeRegex(String(one)) : String(one)))
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}
