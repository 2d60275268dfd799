import { SensorError } from '../errors.ts'
import { type Environment } from '../storage/environment.ts'
import { findNovelty } from './novelty-log.ts'
import { type BaselineRecord, type HeldValue } from './store.ts'
import { type OpenBaseline } from './stored-baseline.ts'
import { type StoredBaselineStore } from './stored-store.ts'

/** What a request looks at: of a running sensor, or of a stopped one's memory. */
export interface BaselineParts {
  readonly baselines: StoredBaselineStore
  readonly environment: Pick<Environment, 'page'>
}

export type Arguments = Readonly<Record<string, unknown>>
export type BaselineRequest = (parts: BaselineParts, args: Arguments) => Iterable<unknown>

/** One line of the list of baselines. Times and durations in µs. */
export interface BaselineSummary {
  readonly rule: string
  readonly entities: number
  readonly values: number
  readonly held: number
  readonly events: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly observed: number
  readonly days: number
}

/** What can be asked about baselines, by the name of the command. */
export const baselineRequests: Readonly<Record<string, BaselineRequest>> = {
  'baseline list': ({ baselines }) => list(baselines),
  'baseline held': ({ baselines }, args) => held(baselines, text(args, 'rule')),
  'baseline export': ({ baselines }, args) => baselines.export(text(args, 'rule')),
  'baseline import': ({ baselines }, { records }) => {
    if (!Array.isArray(records)) throw new SensorError('USAGE', '`records` is a list')
    return [{ refused: baselines.import(records.filter(isObject) as BaselineRecord[]) }]
  },
  'baseline forget': ({ baselines }, args) => {
    const [rule, entity] = [needed(args, 'rule'), needed(args, 'entity')]
    return [{ count: baselines.forget(rule, entity, text(args, 'value')) }]
  },
  'baseline approve': ({ baselines }, args) => {
    const [rule, entity] = [needed(args, 'rule'), needed(args, 'entity')]
    return [{ count: baselines.approve(rule, entity, text(args, 'value')) }]
  },
  'baseline why': ({ environment }, args) => {
    const found = findNovelty(environment, needed(args, 'id'))
    return found === undefined ? [] : [found]
  },
}

function* list(baselines: StoredBaselineStore): Iterable<BaselineSummary> {
  for (const open of baselines.all()) {
    const summary = summaryOf(open)
    if (summary.events > 0) yield summary
  }
}

function summaryOf({ head, baseline }: OpenBaseline): BaselineSummary {
  const { total, held: kept } = { total: baseline.describer.total(), held: baseline.held }
  return { rule: head.id, held: kept.size, ...total }
}

function* held(
  baselines: StoredBaselineStore,
  rule: string | undefined,
): Iterable<HeldValue & { readonly id: string }> {
  for (const one of baselines.held()) if (rule === undefined || one.id === rule) yield one
}

function text(args: Arguments, name: string): string | undefined {
  const value = args[name]
  if (value === undefined || typeof value === 'string') return value
  throw new SensorError('USAGE', `\`${name}\` is a text`)
}

function needed(args: Arguments, name: string): string {
  const value = text(args, name)
  if (value !== undefined && value !== '') return value
  throw new SensorError('USAGE', `\`${name}\` is missing`)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
