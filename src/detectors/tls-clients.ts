import { type Baseline, type BaselineStore } from '../baseline/store.ts'
import { type ClientHello } from '../protocols/tls-hello.ts'
import { Lately } from './lately.ts'
import { type TlsReason } from './tls-reasons.ts'

const hour = 3600 * 1e6
/** A device with no more fingerprints than these gets no programs of its own. */
const simple = 4
/** Hours in which it must have been seen to speak TLS. */
const fewest = 12

/** Which fingerprints (JA4) each device has, and how many others have the same. */
export class TlsClients {
  readonly #baseline: Baseline
  readonly #learning: number
  readonly #lately = new Lately(16_384, hour)

  constructor(store: BaselineStore, learning: number) {
    this.#learning = learning
    this.#baseline = store.open({
      id: 'detector.tls-anomaly.client',
      hash: '1',
      forgetAfter: 60 * 24 * hour,
      limits: { entities: 65_536, valuesPerEntity: 256, overflow: 'evict-oldest' },
    })
  }

  get counts() {
    return this.#lately.counts
  }

  /** Whether the hello is new to a device that is known, and nearly nobody else has the like. */
  reasons(device: string, hello: ClientHello | undefined, time: number): TlsReason[] {
    const ja4 = hello?.ja4
    if (ja4 === undefined || this.#lately.seen(device, ja4, time)) return []
    const { pair, entity, value } = this.#baseline.observe(device, ja4, time)
    if (pair !== undefined || entity === undefined || (value?.entities ?? 0) > 1) return []
    if (entity.observed < this.#learning || entity.events < fewest) return []
    return [entity.values <= simple ? 'new-client-of-a-simple-device' : 'new-client']
  }
}
