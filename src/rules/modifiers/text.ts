import { quote } from '../fault.ts'
import { base64Offsets, type Encoding, encode } from '../pattern/encode.ts'
import { anyText, hasWildcard, join, type Pattern } from '../pattern/parts.ts'
import { spellings, windash } from '../pattern/windash.ts'
import { type Chain, type Modifier, type Operand, type Shape } from './operand.ts'

/** More spellings of one value than these are not encoded. */
const mostSpellings = 625

export const contains = around('contains', true, true)
export const startswith = around('startswith', false, true)
export const endswith = around('endswith', true, false)
export const cased: Modifier = {
  chain: chain => {
    chain.cased = true
  },
}

export const windashModifier: Modifier = {
  value: (operand, value, chain) => {
    if (operand.type !== 'text') return refuse('windash', value.offset, chain)
    return [{ ...operand, pattern: windash(operand.pattern) }]
  },
}

export const utf16le = encoded('utf16le')
export const utf16be = encoded('utf16be')
export const utf16 = encoded('utf16')

export const base64: Modifier = {
  group: 'base64',
  value: (operand, value, chain) =>
    toBase64('base64', operand, value.offset, chain, bytes => [bytes.toString('base64')]),
}

export const base64offset: Modifier = {
  group: 'base64',
  value: (operand, value, chain) =>
    toBase64('base64offset', operand, value.offset, chain, base64Offsets),
  chain: ({ faults, names, offset }) => {
    if (names.indexOf('contains') > names.indexOf('base64offset')) return
    faults.warn(offset, '`base64offset` finds parts of a text; add `contains` after it')
  },
}

function around(shape: Shape, before: boolean, after: boolean): Modifier {
  return {
    group: 'where the value stands',
    value: (operand, value, chain) => {
      switch (operand.type) {
        case 'text': {
          const { pattern } = operand
          const wider = [...(before ? [anyText] : []), ...pattern, ...(after ? [anyText] : [])]
          return [{ ...operand, pattern: join(wider) }]
        }
        case 'regex':
          return [{ ...operand, anchors: anchorsOf(shape) }]
        case 'field':
          return [{ ...operand, shape }]
        default:
          return refuse(shape, value.offset, chain)
      }
    },
  }
}

/** A regex looks anywhere by itself. */
function anchorsOf(shape: Shape): ReadonlySet<'start' | 'end'> {
  if (shape === 'startswith') return new Set(['start'])
  return new Set(shape === 'endswith' ? ['end'] : [])
}

function encoded(encoding: Encoding): Modifier {
  return {
    group: 'encoding',
    value: (operand, value, chain) => {
      if (operand.type !== 'text') return refuse(encoding, value.offset, chain)
      return [{ ...operand, encoding }]
    },
  }
}

function toBase64(
  name: string,
  operand: Operand,
  offset: number,
  chain: Chain,
  write: (bytes: Buffer) => readonly string[],
): readonly Operand[] | undefined {
  if (operand.type !== 'text') return refuse(name, offset, chain)
  if (hasWildcard(operand.pattern)) {
    return chain.faults.error(offset, `\`${name}\` cannot encode a wildcard; escape it as \`\\*\``)
  }
  const all = spellings(operand.pattern, mostSpellings)
  if (all === undefined) {
    return chain.faults.error(offset, `has more than ${mostSpellings} spellings to encode`)
  }
  return all.flatMap(pattern =>
    write(encode(textOf(pattern), operand.encoding ?? 'utf8')).map(text => ({
      type: 'text' as const,
      pattern: [text],
      encoding: undefined,
    })),
  )
}

function textOf(pattern: Pattern): string {
  return pattern.filter(part => typeof part === 'string').join('')
}

/** What a modifier says to a value that is no text. */
export function refuse(name: string, offset: number, chain: Chain): undefined {
  const item = quote([chain.field ?? '', ...chain.names].join('|'))
  chain.faults.error(offset, `\`${name}\` in ${item} takes text, this value is none`)
}
