/**
 * Control, format and bidirectional characters, line and paragraph separators, lone surrogates:
 * what can move a cursor, change the order of text, hide it or begin a line of its own.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text from the network for a terminal: `dangerous` characters escaped, at most `limit` units. */
export function printable(text: string, limit = 256): string {
  // Cut first: escaping a megabyte to show a line of it would be work for the attacker's sake.
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  return cut.replace(dangerous, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}
