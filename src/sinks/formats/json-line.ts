/** As in `plain-text.ts`; JSON has an escape for each of them, so nothing is lost. */
const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** JSON for a format of lines: what could end a line or turn text around is escaped. */
export function jsonLine(json: string): string {
  return json.replace(dangerous, character =>
    Array.from({ length: character.length }, (_, at) => escapeUnit(character.charCodeAt(at))).join(
      '',
    ),
  )
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
