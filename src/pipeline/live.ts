import { setImmediate } from 'node:timers/promises'
import { homeNetworks } from '../capture/home-networks.ts'
import { type Interface } from '../capture/interfaces.ts'
import { type LiveSource, openLive } from '../capture/live.ts'
import { faultLine } from '../config/fault.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { type ControlServer, serveControl } from '../operate/control.ts'
import { type Log } from '../operate/log.ts'
import { tidyAfterStart } from '../operate/memory.ts'
import { monitorPlace } from '../operate/monitor/address.ts'
import { configuredRules } from '../rules/paths.ts'
import { Output } from '../sinks/output.ts'
import { openEnvironment } from '../storage/environment.ts'
import { eventHandler } from './events.ts'
import { startMonitor } from './monitor.ts'
import { checkStrict } from './rules.ts'
import { openSensor, type Sensor } from './sensor.ts'
import { watchFiles } from './watch-files.ts'

export interface LiveIo {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly log: Log
  /** Lines for people or JSON on stdout. */
  readonly output: 'json' | 'text'
  /** µs instead of every rule's own learning period. */
  readonly learn?: number | undefined
  /** Whoever asked for the end cannot wait for the sinks. */
  readonly hurry?: AbortSignal
}

const IDLE_MS = 1000

/**
 * The live sensor, from attaching to the last summary; resolves after `stop`. Throws SensorError:
 * what loading, attaching, the memory or a sink has to say.
 */
export async function runLive(config: Config, stop: AbortSignal, io: LiveIo): Promise<void> {
  const { log } = io
  checkStrict(config)
  const place = monitorPlace(config.monitor)
  let sensor: Sensor | undefined
  const source = openLive(
    { capture: config.capture },
    {
      attached(one, mode) {
        log.info(`watching ${one.name} (${mode}, ${one.addresses.join(', ') || 'no address'})`)
        sensor?.follow(source.interfaces)
      },
      detached(one) {
        if (stop.aborted) return // the last flows are still to be told, and judged as before
        log.info(`no longer watching ${one.name}`)
        sensor?.follow(source.interfaces)
      },
      failed: (one, error) => log.error(`${one.name}: ${error.message}`),
    },
  )
  // From the start to the end: unheard it would end the process.
  let asked = false
  const hangUp = () => {
    if (sensor === undefined) asked = true
    else if (!stop.aborted) void sensor.reopen()
  }
  process.on('SIGHUP', hangUp)
  try {
    sensor = await assemble(config, source, io)
    tellRules(sensor, log)
    if (asked) void sensor.reopen()
    const control = await openControl(config, sensor, log)
    const monitor = await startMonitor(place, sensor, log)
    try {
      await pump(config, source, sensor, stop)
    } finally {
      await control?.close()
      await monitor?.close()
    }
  } finally {
    await source.stop()
    await sensor?.close(io.hurry)
    process.off('SIGHUP', hangUp)
  }
}

async function assemble(config: Config, source: LiveSource, io: LiveIo): Promise<Sensor> {
  const { log } = io
  const opening = openEnvironment({
    directory: config.state.directory,
    onFault: fault => {
      if (fault === undefined) log.info('the memory can be written again')
      else log.error(`the memory cannot be written (${fault}); alerts wait until it can`)
    },
  })
  try {
    // A directory that cannot be had is told before anything is attached.
    await Promise.race([opening, setImmediate()])
    // What comes from now on waits in the ring: rules, many devices and, after a crash, a look at the
    // whole memory take their time.
    await source.attach()
    return await openSensor({
      config,
      environment: await opening,
      source,
      interfaces: source.interfaces,
      output: new Output(io.stdout, { people: io.output === 'text' }),
      stderr: io.stderr,
      log,
      learn: io.learn,
      homeOf: interfaces => home(config, interfaces),
    })
  } catch (error) {
    await opening.then(
      environment => environment.close(),
      () => undefined, // that is `error`, or attaching failed as well
    )
    throw error
  }
}

/** A sensor that cannot be talked to still watches. */
async function openControl(
  config: Config,
  sensor: Sensor,
  log: Log,
): Promise<ControlServer | undefined> {
  try {
    return await serveControl(config.state.directory, sensor.control)
  } catch (error) {
    if (!(error instanceof SensorError)) throw error
    log.warn(`${error.message}; \`orthrus outbox\` and the like cannot ask this sensor`)
    return undefined
  }
}

function home({ network }: Config, interfaces: readonly Interface[]): readonly string[] {
  return network.home.length > 0 ? network.home : homeNetworks(interfaces)
}

/** Says at the start what runs, and what is wrong; a bad rule never stops the others. */
function tellRules(sensor: Sensor, log: Log): void {
  for (const fault of sensor.rules.faults) log.warn(faultLine(fault))
  log.info(`${sensor.rules.size} rules run`)
}

/** Delivers until `stop`; an idle line still moves the clock. */
async function pump(
  config: Config,
  source: LiveSource,
  sensor: Sensor,
  stop: AbortSignal,
): Promise<void> {
  const handler = eventHandler(source.clock, event => sensor.take(event))
  const halt = () => void source.stop().catch(() => undefined) // `run` tells its caller
  const idle = setInterval(() => sensor.advance(Date.now() * 1000), IDLE_MS)
  const tidying = tidyAfterStart()
  const watch = watchFiles(configuredRules(config.rules), () => sensor.reloadRules())
  stop.addEventListener('abort', halt)
  try {
    if (!stop.aborted) await source.run(handler)
  } finally {
    clearInterval(idle)
    tidying.cancel()
    watch.close()
    stop.removeEventListener('abort', halt)
  }
}
