import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Timings, timingBounds } from '../../storage/timings.ts'
import { families, fullName } from './families.ts'
import { type Family, type Labels } from './family.ts'
import { type Page } from './server.ts'
import { type Snapshot } from './snapshot.ts'

type OfType<T extends Family['type']> = Extract<Family, { readonly type: T }>

/** The page of all metrics, of one moment each time. */
export function metricsPage(take: () => Snapshot): () => Promise<Page> {
  const registry = new Registry()
  let snapshot = take()
  for (const family of families) register(registry, family, () => snapshot)
  return async () => {
    snapshot = take()
    return { status: 200, type: registry.contentType, body: await registry.metrics() }
  }
}

function register(registry: Registry, family: Family, now: () => Snapshot): void {
  if (family.type === 'histogram') registry.registerMetric(new Times(family, now))
  else addNumbers(registry, family, now)
}

function addNumbers(
  registry: Registry,
  family: OfType<'counter' | 'gauge'>,
  now: () => Snapshot,
): void {
  const { help, labels = [], type, read } = family
  const options = { name: fullName(family), help, labelNames: labels, registers: [registry] }
  // Everything is counted elsewhere: a counter is made anew from that each time.
  const collect = () => {
    metric.reset()
    for (const [value, of = {}] of read(now())) metric.inc(of, value)
  }
  const metric =
    type === 'counter' ? new Counter({ ...options, collect }) : new Gauge({ ...options, collect })
}

/** Times that were counted elsewhere, as prom-client tells a histogram. */
class Times extends Histogram<string> {
  readonly #family: OfType<'histogram'>
  readonly #now: () => Snapshot

  constructor(family: OfType<'histogram'>, now: () => Snapshot) {
    const { help, labels = [] } = family
    super({ name: fullName(family), help, labelNames: labels, registers: [] })
    this.#family = family
    this.#now = now
  }

  /** What the registry asks for; `get` is made of it. */
  async getForPromString() {
    const { help, read } = this.#family
    const name = fullName(this.#family)
    const values = [...read(this.#now())].flatMap(([times, of]) => series(name, times, of))
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

function series(name: string, { count, sum, ranges }: Timings, labels: Labels = {}) {
  let below = 0
  const buckets = timingBounds.map((bound, at) => {
    below += ranges[at] ?? 0
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ]
}
