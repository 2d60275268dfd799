import { createHash } from 'node:crypto'
import { type Log } from '../operate/log.ts'
import { type RuleState, type UnitState } from '../rules/state.ts'
import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'

export interface WindowsParts {
  readonly environment: Pick<Environment, 'page'>
  readonly journal: Pick<Journal, 'add' | 'waiting'>
  readonly log: Log
}

/** What one rule has open may be so long; more begins anew after a restart. */
const longest = 4 * 1024 * 1024
/** More changes than these wait only when the disk takes none: then nothing is added to them. */
const patience = 4096

/** Keeps open windows and silences of rules over a restart, an entry a rule. */
export class Windows {
  readonly #parts: WindowsParts
  /** What the disk has, by key: a digest of it. */
  readonly #saved = new Map<string, string>()
  readonly #told = new Set<string>()

  constructor(parts: WindowsParts) {
    this.#parts = parts
  }

  /** What was open when it was saved last; what is damaged is left out. */
  load(): RuleState {
    const units: UnitState[] = []
    for (const { key, value } of this.#parts.environment.page('windows', { limit: 100_000 })) {
      this.#saved.set(key.toString('hex'), value === undefined ? '' : digest(value))
      const unit = value && readUnit(value)
      if (unit !== undefined) units.push(unit)
    }
    return { version: 1, units }
  }

  /** Writes what changed since the last time. */
  save({ units }: RuleState): void {
    const { journal } = this.#parts
    if (journal.waiting > patience) return
    const left = new Set(this.#saved.keys())
    for (const unit of units) {
      const key = createHash('sha256').update(unit.key).digest('hex')
      if (this.#put(key, unit)) left.delete(key)
    }
    for (const key of left) {
      this.#saved.delete(key)
      journal.add({ kind: 'remove', table: 'windows', key: Buffer.from(key, 'hex') })
    }
  }

  /** False for what is too long to be kept. */
  #put(key: string, unit: UnitState): boolean {
    const value = JSON.stringify(unit)
    if (value.length > longest) {
      if (this.#told.has(key)) return false
      this.#told.add(key)
      const mebibytes = (value.length / 2 ** 20).toFixed(0)
      const name = `windows of the rule \`${unit.key}\` are ${mebibytes} MiB`
      this.#parts.log.warn(`the open ${name} and will not outlive a restart; group by less`)
      return false
    }
    const now = digest(value)
    if (this.#saved.get(key) === now) return true
    this.#saved.set(key, now)
    this.#parts.journal.add({ kind: 'put', table: 'windows', key: Buffer.from(key, 'hex'), value })
    return true
  }
}

function digest(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('base64')
}

/** Undefined for what another version may have written. */
function readUnit(bytes: Uint8Array): UnitState | undefined {
  try {
    const unit = JSON.parse(bytes.toString()) as Partial<UnitState> | null
    const isWhole =
      typeof unit?.key === 'string' &&
      typeof unit.hash === 'string' &&
      Array.isArray(unit.quiet) &&
      Array.isArray(unit.groups)
    return isWhole ? (unit as UnitState) : undefined
  } catch {
    return undefined
  }
}
