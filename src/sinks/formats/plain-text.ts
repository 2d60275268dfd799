/**
 * What can end a line, move a cursor, turn text around or hide it: control, format (bidirectional
 * too), private and unassigned characters, lone surrogates, line and paragraph separators.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text from the network for a format of lines: each `dangerous` character becomes U+FFFD. */
export function plainText(text: string): string {
  return text.replace(dangerous, '\ufffd')
}

/** Printable ASCII of at most `limit` characters, `other` for all else. */
export function asciiText(text: string, limit: number, other = '?'): string {
  return text.slice(0, limit).replace(/[^\x20-\x7e]/g, other)
}
