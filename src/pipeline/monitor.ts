import { type Log } from '../operate/log.ts'
import { type MonitorPlace } from '../operate/monitor/address.ts'
import { type Monitor } from '../operate/monitor/monitor.ts'
import { type Sensor } from './sensor.ts'

/** Answers probes and Prometheus where the configuration says so. */
export async function startMonitor(
  place: MonitorPlace | undefined,
  sensor: Sensor,
  log: Log,
): Promise<Monitor | undefined> {
  if (place === undefined) return undefined
  // The HTTP server and prom-client: who does not ask for them does not pay for them.
  const { openMonitor } = await import('../operate/monitor/open.ts')
  return openMonitor({ place, readings: sensor.readings, log })
}
