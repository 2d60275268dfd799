/**
 * Lower case for comparing: each character by itself, so that the length in code points and every
 * part of a text stay what they are. (`toLowerCase` makes two of `İ`, and of `Σ` what stands
 * around it asks for.)
 */
export function fold(text: string): string {
  return plainText.test(text) ? text.toLowerCase() : foldCharacters(text)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant
const plainText = /^[\x00-\x7f]*$/

function foldCharacters(text: string): string {
  if (!/[\u0130\u03a3\u03c2]/.test(text)) return text.toLowerCase()
  return Array.from(text, character => special.get(character) ?? character.toLowerCase()).join('')
}

const special = new Map([
  ['\u0130', 'i'],
  ['\u03a3', '\u03c3'],
  ['\u03c2', '\u03c3'],
])
