import { type Baseline, type BaselineStore } from '../baseline/store.ts'
import { Lately } from './lately.ts'
import { writeText } from './pair-table.ts'

const hour = 3600 * 1e6
const day = 24 * hour
/** Sightings, an hour apart at least, from which a server counts as known. */
const acquainted = 3

/** What has changed at a server that was known. */
export interface TlsChange {
  readonly change: 'signer' | 'version'
  readonly before: readonly string[]
  readonly now: string
  /** Other servers of which the same was seen. */
  readonly others: number
}

/** By whom servers are certified and which version they speak, site-wide, by their name. */
export class TlsServers {
  readonly #signers: Baseline
  readonly #versions: Baseline
  /** What was seen of a server within the hour needs no look into the long memory. */
  readonly #lately = new Lately(65_536, hour, 6)

  constructor(store: BaselineStore) {
    const open = (id: string) =>
      store.open({
        id,
        hash: '1',
        forgetAfter: 60 * day,
        limits: { entities: 65_536, valuesPerEntity: 16, overflow: 'evict-oldest' },
      })
    this.#signers = open('detector.tls-anomaly.signer')
    this.#versions = open('detector.tls-anomaly.version')
  }

  get counts() {
    return this.#lately.counts
  }

  /** Who signed for `server`; says so when it is another than ever before. */
  signer(server: string, signer: string, time: number): TlsChange | undefined {
    if (this.#seen(server, signer, '', time)) return undefined
    return look(this.#signers, 'signer', server, signer, time)
  }

  /** Which version `server` spoke, with that client where one is named; says so when it was never so old. */
  version(server: string, version: TlsVersion, time: number, client = ''): TlsChange | undefined {
    if (this.#seen(server, version, client, time)) return undefined
    const entity = client === '' ? server : `${client} ${server}`
    const change = look(this.#versions, 'version', entity, version, time)
    const isOlder = change?.before.every(one => rank(one) > rank(version)) === true
    return isOlder ? change : undefined
  }

  #seen(server: string, what: string, client: string, time: number): boolean {
    const { key } = this.#lately
    writeText(key, 0, server)
    writeText(key, 2, client)
    writeText(key, 4, what)
    return this.#lately.seenKey(time)
  }
}

/** Versions as people write them, the oldest first. */
const versions = ['SSL 3.0', '1.0', '1.1', '1.2', '1.3'] as const
export type TlsVersion = (typeof versions)[number]

/** The version of this number on the wire; drafts of 1.3 are 1.3. */
export function tlsVersion(number: number): TlsVersion | undefined {
  return versions[number >> 8 === 0x7f ? 4 : number - 0x0300]
}

export function isRetired(version: TlsVersion): boolean {
  return rank(version) < 3
}

function rank(version: string): number {
  return (versions as readonly string[]).indexOf(version)
}

function look(
  baseline: Baseline,
  change: TlsChange['change'],
  server: string,
  now: string,
  time: number,
): TlsChange | undefined {
  const seen = baseline.observe(server, now, time)
  if (seen.pair !== undefined || (seen.entity?.events ?? 0) < acquainted) return undefined
  return {
    change,
    now,
    before: baseline.nearest(server, now, 8),
    others: seen.value?.entities ?? 0,
  }
}
