import { networkFault } from '../../config/address.ts'
import { IpAddress } from '../../decode/address.ts'
import { type CidrMatch, type Match } from '../ast.ts'
import { quote } from '../fault.ts'
import { mask } from '../network.ts'
import { encode } from '../pattern/encode.ts'
import { textMatch } from '../pattern/match.ts'
import { anyText, type Pattern } from '../pattern/parts.ts'
import { type Anchor, compileRegex } from '../regex/compile.ts'
import { type ScalarNode } from '../yaml/node.ts'
import { type Chain, type Operand } from './operand.ts'

/** The match that a value has come to behind its last modifier. */
export function finish(operand: Operand, value: ScalarNode, chain: Chain): Match | undefined {
  switch (operand.type) {
    case 'text':
      return textMatch(keywordPattern(finalPattern(operand), chain), chain.cased)
    case 'null':
      return { kind: 'null' }
    case 'exists':
      return { kind: 'exists', expected: operand.expected }
    case 'regex':
      return regexMatch(operand, value, chain)
    case 'cidr':
      return cidrMatch(operand.text, value, chain)
    case 'compare':
      return {
        kind: 'compare',
        comparison: operand.comparison,
        value: operand.value,
        part: operand.part,
      }
    case 'field':
      return { kind: 'field', other: operand.other, shape: operand.shape, cased: chain.cased }
  }
}

/** A keyword is looked for anywhere in a text, unless a modifier says where. */
function keywordPattern(pattern: Pattern, { field, names }: Chain): Pattern {
  const placed = names.includes('startswith') || names.includes('endswith')
  return field === undefined && !placed ? [anyText, ...pattern, anyText] : pattern
}

/** UTF-16 that no Base64 follows is compared byte for byte. */
function finalPattern({ pattern, encoding }: Operand & { type: 'text' }): Pattern {
  if (encoding === undefined) return pattern
  const bytes = (text: string) => encode(text, encoding).toString('latin1')
  return pattern.map(part => (typeof part === 'string' ? bytes(part) : part))
}

function regexMatch(
  { source, anchors }: Operand & { type: 'regex' },
  value: ScalarNode,
  { faults, flags }: Chain,
): Match | undefined {
  const anchor: Anchor = anchors.has('start') ? 'start' : anchors.has('end') ? 'end' : 'none'
  const match = compileRegex(source, flags, anchor)
  if (!(match instanceof Error)) return match
  const place = `at character ${match.at + 1} of the regex ${quote(source)}`
  return faults.error(value.offset, `${match.message} (${place})`)
}

function cidrMatch(text: string, value: ScalarNode, { faults }: Chain): CidrMatch | undefined {
  const fault = networkFault(text)
  const [addressText = '', prefixText] = text.split('/')
  const address = IpAddress.parse(addressText)
  if (fault !== undefined || address === undefined) {
    const what = fault ?? 'is not a network'
    return faults.error(value.offset, `${quote(text)} ${what}; write it as \`10.0.0.0/8\``)
  }
  const { family } = address
  const prefix = prefixText === undefined ? (family === 4 ? 32 : 128) : Number(prefixText)
  const words = [address.word0, address.word1, address.word2, address.word3] as const
  if (words.some((word, index) => (word & ~mask(prefix, index)) !== 0)) {
    const network = words.map((word, index) => word & mask(prefix, index))
    const [a = 0, b = 0, c = 0, d = 0] = network
    const right = `${new IpAddress(family, a, b, c, d).text}/${prefix}`
    return faults.error(
      value.offset,
      `${quote(text)} has bits beyond its prefix; the network is ${quote(right)}`,
    )
  }
  return { kind: 'cidr', text, ...unmapped(family, words, prefix) }
}

/** `::ffff:10.0.0.0/104` is the IPv4 network `10.0.0.0/8`. */
function unmapped(family: 4 | 6, words: CidrMatch['words'], prefix: number) {
  const mapped =
    family === 6 && prefix >= 96 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  if (!mapped) return { family, words, prefix }
  return { family: 4 as const, words: [words[3], 0, 0, 0] as const, prefix: prefix - 96 }
}
