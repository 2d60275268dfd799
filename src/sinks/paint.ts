/** ECMA-48 8.3.117, SELECT GRAPHIC RENDITION. */
const codes = {
  bold: 1,
  dim: 2,
  inverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
} as const

export type Color = keyof typeof codes

/** `text` in these colours, or as it is. */
export function paint(text: string, colors: readonly Color[], enabled: boolean): string {
  if (!enabled || text === '') return text
  return `\u001b[${colors.map(color => codes[color]).join(';')}m${text}\u001b[0m`
}
