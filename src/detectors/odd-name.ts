import { nameAlphabet, nameModel } from './name-model.ts'

const table = Buffer.from(nameModel, 'base64')
const size = nameAlphabet.length + 1
const end = size - 1
const codes = new Uint8Array(128).fill(end)
for (let at = 0; at < nameAlphabet.length; at++) codes[nameAlphabet.charCodeAt(at)] = at
for (let at = 0; at < 26; at++) codes[65 + at] = at

/**
 * How unlike the names that people give a label is: bits for each of its characters, given the one
 * before, by a model of company names. Names that are read aloud take 3 to 4.2, random letters about
 * 5.5. Labels of fewer than six characters say nothing and give 0.
 */
export function oddness(label: string): number {
  if (label.length < 6) return 0
  let tenths = 0
  let before = end
  for (let index = 0; index < label.length; index++) {
    const code = codes[label.charCodeAt(index) & 127] ?? end
    tenths += table[before * size + code] ?? 0
    before = code
  }
  tenths += table[before * size + end] ?? 0
  return tenths / 10 / (label.length + 1)
}
