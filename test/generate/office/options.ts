import { parseArgs } from 'node:util'
import { type AttackName, attackNames, isAttack } from './attacks/index.ts'
import { HOUR } from './station.ts'

/** An attack and when it begins, µs since the start; at its usual time unless given. */
export interface Planned {
  readonly name: AttackName
  readonly at?: number
}

export interface OfficeOptions {
  readonly seed?: number
  readonly days?: number
  /** µs since the epoch, a midnight (UTC); Monday 2026-03-02 unless given. */
  readonly start?: number
  /** How much people browse, relative to the usual. */
  readonly density?: number
  readonly attacks?: readonly Planned[]
  /** Domain that the attack `indicator` goes to. */
  readonly indicator?: string
}

/** What a command line says, and what is left of it. */
export interface OfficeArguments {
  readonly options: OfficeOptions & { readonly days: number; readonly attacks: readonly Planned[] }
  readonly rest: readonly string[]
}

const known = {
  days: { type: 'string', default: '14' },
  seed: { type: 'string', default: '1' },
  density: { type: 'string', default: '1' },
  indicator: { type: 'string' },
  attack: { type: 'string', multiple: true, default: [] as string[] },
} as const

/**
 * Reads `[--days N] [--seed S] [--density D] [--indicator DOMAIN] [--attack NAME[@HOUR][,…]]`:
 * `all` is every attack, HOUR counts from the start. Throws when something is not understood.
 */
export function officeArguments(args: readonly string[]): OfficeArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: known,
    allowPositionals: true,
  })
  const { indicator } = values
  return {
    options: {
      days: number('days', values.days),
      seed: number('seed', values.seed),
      density: number('density', values.density),
      attacks: values.attack.flatMap(text => text.split(',')).flatMap(planned),
      ...(indicator !== undefined && { indicator }),
    },
    rest: positionals,
  }
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new RangeError(`--${name} \`${text}\` is not a number`)
}

function planned(text: string): Planned[] {
  if (text === 'all') return attackNames.map(name => ({ name }))
  const [name = '', hour] = text.split('@')
  if (!isAttack(name)) {
    throw new RangeError(`no attack is called \`${name}\`; there are: ${attackNames.join(', ')}`)
  }
  return [{ name, ...(hour !== undefined && { at: number('attack', hour) * HOUR }) }]
}
