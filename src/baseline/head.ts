import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { placeEnd, placeKey, readPlace } from './place.ts'
import { Total } from './total.ts'

/** What the disk says of one baseline as a whole. */
export interface Head {
  readonly number: number
  readonly id: string
  readonly hash: string
  forgetAfter: number
  readonly total: Total
  /** No rule will ask for it again: what is left of it is being removed. */
  gone: boolean
}

/** What the disk says of all baselines together. */
export interface StoreHead {
  /** Of the hashes, 8 bytes. */
  readonly secret: Buffer
  /** µs of observed time. */
  readonly observed: number
}

const storeKey = placeKey(0, 'record', undefined, 0)

/** Writes a head; where nothing was ever seen there is nothing to be written. */
export function headOperation(head: Head): Operation {
  const { number, id, hash, forgetAfter, total, gone } = head
  const value = JSON.stringify({ id, hash, forgetAfter, gone, total })
  return { kind: 'put', table: 'baselines', key: placeKey(0, 'head', undefined, number), value }
}

export function removeHead(number: number): Operation {
  return { kind: 'remove', table: 'baselines', key: placeKey(0, 'head', undefined, number) }
}

export function storeOperation({ secret, observed }: StoreHead): Operation {
  const value = JSON.stringify({ secret: secret.toString('hex'), observed })
  return { kind: 'put', table: 'baselines', key: storeKey, value }
}

/** Undefined when there is none, or none that can be read. */
export function readStoreHead(environment: Pick<Environment, 'get'>): StoreHead | undefined {
  const { secret, observed } = parse(environment.get('baselines', storeKey))
  if (typeof secret !== 'string' || typeof observed !== 'number') return undefined
  const bytes = Buffer.from(secret, 'hex')
  return bytes.length === 8 ? { secret: bytes, observed } : undefined
}

/** All heads; one that cannot be read counts as gone: nobody could say whose it is. */
export function readHeads(environment: Pick<Environment, 'page'>): Head[] {
  const heads: Head[] = []
  const end = placeEnd(0, 'head', undefined)
  for (let start = placeKey(0, 'head', undefined, 0); ; ) {
    const page = environment.page('baselines', { start, end, limit: 1000 })
    for (const { key, value } of page) {
      const number = readPlace(key)?.number
      if (number !== undefined) heads.push(headOf(number, value))
    }
    const last = page.at(-1)?.key
    if (last === undefined || page.length < 1000) return heads
    start = Buffer.concat([last, Buffer.of(0)])
  }
}

function headOf(number: number, value: Buffer | undefined): Head {
  const { id, hash, forgetAfter, gone, total } = parse(value)
  const isWhole =
    typeof id === 'string' && typeof hash === 'string' && typeof total === 'object' && total
  const facts = (isWhole ? total : {}) as Readonly<Record<string, unknown>>
  const made = new Total(numberOf(facts['since'], 0))
  made.firstSeen = numberOf(facts['firstSeen'], Number.POSITIVE_INFINITY)
  made.lastSeen = numberOf(facts['lastSeen'], Number.NEGATIVE_INFINITY)
  made.events = numberOf(facts['events'], 0)
  made.days = numberOf(facts['days'], 0)
  made.lastDay = numberOf(facts['lastDay'], Number.NEGATIVE_INFINITY)
  return {
    number,
    id: isWhole ? id : '',
    hash: isWhole ? hash : '',
    forgetAfter: numberOf(forgetAfter, Number.POSITIVE_INFINITY),
    total: made,
    gone: gone === true || !isWhole,
  }
}

/** JSON has no infinite numbers: null stands for them. */
function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function parse(value: Buffer | undefined): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  try {
    const parsed: unknown = JSON.parse(value.toString())
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
