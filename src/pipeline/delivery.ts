import { type Config } from '../config/schema.ts'
import { type Log } from '../operate/log.ts'
import { Queue } from '../outbox/queue.ts'
import * as kinds from '../sinks/index.ts'
import { type Output } from '../sinks/output.ts'
import { type Sink, type SinkKind } from '../sinks/sink.ts'
import { type Environment } from '../storage/environment.ts'

export interface Delivery {
  readonly queue: Queue
  /** Opens anew what may have been moved away. */
  reopen(): Promise<void>
  /** Sends what the sinks still take within `ms`, then closes them. */
  close(ms: number): Promise<void>
}

export interface DeliveryParts {
  readonly environment: Environment
  readonly output: Output
  readonly log: Log
}

const registry: Readonly<Record<string, SinkKind>> = kinds

/** Opens the configured sinks and the queue that feeds them. Throws what a sink says at its opening. */
export async function openDelivery(
  { sinks: wanted }: Config,
  { environment, output, log }: DeliveryParts,
): Promise<Delivery> {
  const sinks = new Map<string, Sink>()
  const closeAll = () => Promise.all([...sinks.values()].map(sink => sink.close()))
  try {
    for (const [name, options] of Object.entries(wanted)) {
      const sink = await registry[options.type]?.open(options, { name, log, output })
      if (sink !== undefined) sinks.set(name, sink)
    }
  } catch (error) {
    await closeAll()
    throw error
  }
  const queue = new Queue({ environment, sinks, log })
  return {
    queue,
    async reopen() {
      for (const [name, sink] of sinks) {
        await sink.reopen?.().catch((err: unknown) => {
          log.error({ err, sink: name }, 'cannot open the sink anew; it is tried at the next alert')
        })
      }
    },
    async close(ms) {
      await queue.close(ms)
      await closeAll()
    },
  }
}
