import { comparison, datePart } from './number.ts'
import { type Modifier } from './operand.ts'
import { all, cidr, exists, expand, fieldref, neq, re, regexFlag } from './special.ts'
import {
  base64,
  base64offset,
  cased,
  contains,
  endswith,
  startswith,
  utf16,
  utf16be,
  utf16le,
  windashModifier,
} from './text.ts'

/** The 31 modifiers of Sigma 2.1, by name. */
export const modifiers: ReadonlyMap<string, Modifier> = new Map<string, Modifier>([
  ['contains', contains],
  ['startswith', startswith],
  ['endswith', endswith],
  ['all', all],
  ['cased', cased],
  ['exists', exists],
  ['neq', neq],
  ['re', re],
  ['i', regexFlag('i')],
  ['m', regexFlag('m')],
  ['s', regexFlag('s')],
  ['base64', base64],
  ['base64offset', base64offset],
  ['utf16le', utf16le],
  ['wide', utf16le],
  ['utf16be', utf16be],
  ['utf16', utf16],
  ['windash', windashModifier],
  ['cidr', cidr],
  ['lt', comparison('lt')],
  ['lte', comparison('lte')],
  ['gt', comparison('gt')],
  ['gte', comparison('gte')],
  ['minute', datePart('minute')],
  ['hour', datePart('hour')],
  ['day', datePart('day')],
  ['week', datePart('week')],
  ['month', datePart('month')],
  ['year', datePart('year')],
  ['fieldref', fieldref],
  ['expand', expand],
])

/** Other spellings, to the names above. */
export const aliases: ReadonlyMap<string, string> = new Map([
  ['ignorecase', 'i'],
  ['multiline', 'm'],
  ['dotall', 's'],
])
