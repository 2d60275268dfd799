import { SensorError } from '../../errors.ts'
import { placeText } from './address.ts'
import { livePage, readyPage, statusPage } from './health.ts'
import { type Monitor, type MonitorParts } from './monitor.ts'
import { type MonitorServer, type Route, serveMonitor } from './server.ts'
import { type Readings } from './snapshot.ts'

/**
 * Answers probes and Prometheus. A port that cannot be had is told and tried again: a sensor that
 * cannot be asked still watches.
 */
export async function openMonitor(parts: MonitorParts): Promise<Monitor> {
  const routes = await routesOf(parts.readings)
  const attempts = new Attempts(parts, routes)
  await attempts.next()
  return attempts
}

class Attempts implements Monitor {
  readonly #parts: MonitorParts
  readonly #routes: Readonly<Record<string, Route>>
  #server: MonitorServer | undefined
  #timer: NodeJS.Timeout | undefined
  #isTold = false
  #closed = false

  constructor(parts: MonitorParts, routes: Readonly<Record<string, Route>>) {
    this.#parts = parts
    this.#routes = routes
  }

  async next(): Promise<void> {
    const { place, log } = this.#parts
    try {
      this.#server = await serveMonitor(place, this.#routes, err =>
        log.error({ err }, 'a page of the monitor cannot be made'),
      )
      const { port } = this.#server
      log.info(`health and metrics on http://${placeText({ ...place, port })}`)
    } catch (error) {
      if (!(error instanceof SensorError)) throw error
      this.#failed(error)
    }
    // It was asked to end while it opened.
    if (this.#closed) await this.#server?.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#server?.close()
  }

  #failed({ message }: SensorError): void {
    const { log, retryMs = 10_000 } = this.#parts
    if (!this.#isTold) log.error(`${message}; it is tried again, and the sensor goes on`)
    this.#isTold = true
    if (!this.#closed) this.#timer = setTimeout(() => void this.next(), retryMs).unref()
  }
}

async function routesOf(readings: Readings): Promise<Readonly<Record<string, Route>>> {
  // prom-client is only there for those who ask for metrics.
  const { metricsPage } = await import('./prometheus.ts')
  return {
    '/livez': { open: true, page: () => livePage(readings.health()) },
    '/readyz': { open: true, page: () => readyPage(readings.health()) },
    '/status': { open: false, page: () => statusPage(readings.all()) },
    '/metrics': { open: false, page: metricsPage(() => readings.all()) },
  }
}
