import { type Document, type Observer } from '../alerts/alert.ts'
import { sensorAlert } from '../alerts/sensor.ts'
import { milliseconds } from '../config/duration.ts'
import { routeOf } from '../config/routes.ts'
import { type Config } from '../config/schema.ts'
import { type Log } from '../operate/log.ts'
import { type Outbox, type Outlet, openOutbox } from '../outbox/outbox.ts'
import { stormGuard } from '../outbox/storm-guard.ts'
import * as kinds from '../sinks/index.ts'
import { type Output } from '../sinks/output.ts'
import { type Sink, type SinkKind } from '../sinks/sink.ts'
import { type Environment } from '../storage/environment.ts'

export interface Delivery {
  readonly outbox: Outbox
  /** Opens anew what may have been moved away. */
  reopen(): Promise<void>
  /** Sends what the sinks still take in the time they have at the end, then closes them. `hurry` ends it. */
  close(hurry?: AbortSignal): Promise<void>
}

export interface DeliveryParts {
  readonly environment: Environment
  readonly output: Output
  readonly log: Log
  readonly observer: Observer
}

const registry: Readonly<Record<string, SinkKind>> = kinds

/** Opens the configured sinks and the outbox that feeds them. Throws what a sink says at its opening. */
export async function openDelivery(config: Config, parts: DeliveryParts): Promise<Delivery> {
  const { environment, log, observer } = parts
  const sinks = new Map<string, Sink>()
  try {
    const outlets = await openSinks(config, parts, sinks)
    const lossAlert = (facts: Document) => lost(facts, observer)
    const quota = config.outbox.quota * 1024 * 1024
    const outbox = await openOutbox({ environment, outlets, log, quota, lossAlert })
    return {
      outbox,
      reopen: () => reopen(sinks, log),
      close: hurry => outbox.close(milliseconds(config.outbox.shutdown), hurry),
    }
  } catch (error) {
    await Promise.allSettled([...sinks.values()].map(sink => sink.close()))
    throw error
  }
}

async function openSinks(
  config: Config,
  { log, output }: DeliveryParts,
  sinks: Map<string, Sink>,
): Promise<Map<string, Outlet>> {
  const outlets = new Map<string, Outlet>()
  for (const [name, options] of Object.entries(config.sinks)) {
    const { type, when, max_age } = options
    const sink = await registry[type]?.open(options as never, { name, log, output })
    if (sink === undefined) continue
    sinks.set(name, sink)
    const receiver = sink.chat === undefined ? sink : stormGuard(sink, sink.chat)
    outlets.set(name, { receiver, when: routeOf(when, config), maxAge: milliseconds(max_age) })
  }
  return outlets
}

async function reopen(sinks: ReadonlyMap<string, Sink>, log: Log): Promise<void> {
  for (const [name, sink] of sinks) {
    await sink.reopen?.().catch((err: unknown) => {
      log.error({ err, sink: name }, 'cannot open the sink anew; it is tried at the next alert')
    })
  }
}

function lost(facts: Document, observer: Observer): Document {
  const { lost: count, sink } = facts
  const message = `${count} alerts for the sink \`${sink}\` were given up while it was away; \`orthrus outbox status\` says which`
  const time = Date.now() * 1000
  return sensorAlert({ action: 'alerts-lost', level: 'high', message, time, observer, facts })
}
