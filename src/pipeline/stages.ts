import { Profiles } from '../baseline/profiles.ts'
import { type BaselineStore } from '../baseline/store.ts'
import { milliseconds } from '../config/duration.ts'
import { Detectors } from '../detectors/detectors.ts'
import { Growth } from '../detectors/growth.ts'
import { type Signal } from '../detectors/signal.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { Devices } from '../enrich/devices.ts'
import { type Home } from '../enrich/direction.ts'
import { type Enrichment } from '../enrich/enrichment.ts'
import { LinkWatch } from '../enrich/link-watch.ts'
import { vendor } from '../enrich/vendor.ts'
import { type Protocols } from '../protocols/protocols.ts'
import { Activity } from '../sinks/activity.ts'
import { type Environment } from '../storage/environment.ts'
import { Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { type SensorParts } from './parts.ts'

export interface JournalEnds {
  /** An alert is on the disk, under that number. */
  readonly alerted: (sequence: number) => void
  /** A turn's changes, its alerts among them, will never be on the disk. */
  readonly lost: (operations: readonly Operation[]) => void
}

/** What the events of a turn change, with the alerts that come of it. */
export function makeJournal(
  { environment, log }: SensorParts,
  { alerted, lost }: JournalEnds,
): Journal {
  return new Journal({
    environment,
    onAppended: sequences => {
      for (const sequence of sequences) alerted(sequence)
    },
    onLost: (operations, err) => {
      const alerts = operations.filter(({ kind }) => kind === 'append').length
      log.error(
        { err, alerts },
        `the memory refused ${operations.length} changes, ${alerts} alerts`,
      )
      lost(operations)
    },
  })
}

/** The inventory, as the memory has it. */
export function makeDevices(
  { config, environment }: SensorParts,
  journal: Journal,
  onEvent: (event: DeviceEvent) => void,
): Devices {
  const { limit, learning, grace, returned_after, forget_after, watch } = config.devices
  return new Devices({
    limit,
    learning: micros(learning),
    grace: micros(grace),
    returnedAfter: micros(returned_after),
    forgetAfter: micros(forget_after),
    watch: watch.map(({ device, after }) => ({ device, after: micros(after) })),
    environment,
    journal,
    vendor,
    onEvent,
  })
}

/** What feeds the inventory. */
export function makeLinkWatch(devices: Devices, enrichment: Enrichment): LinkWatch {
  return new LinkWatch({
    devices,
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
  })
}

function micros(duration: string | number): number {
  return milliseconds(duration) * 1000
}

export interface DetectorParts {
  readonly signal: (signal: Signal) => void
  readonly home: () => Home
  readonly devices: Devices
  readonly enrichment: Enrichment
  readonly baselines: BaselineStore
  readonly protocols: () => Protocols
  readonly journal: Journal
}

export function makeDetectors(
  sensor: SensorParts,
  { enrichment, protocols, journal, ...parts }: DetectorParts,
): Detectors {
  return new Detectors(sensor.config.detectors, {
    ...parts,
    protocolName: flow => protocols().nameOf(flow),
    profiles: makeProfiles(sensor, journal),
    growth: new Growth(),
    learning: own => sensor.learn ?? own,
    directory: sensor.config.state.directory,
    live: sensor.live !== false,
    log: sensor.log,
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
    resolvedName: (packet, start) => enrichment.names.resolvedName(packet, start),
    place: (family, ...words) => enrichment.geo.place(family, ...words),
  })
}

/** What devices do in an hour, as the memory has it; changes are in the turn of the hour's alerts. */
export function makeProfiles({ config, environment }: SensorParts, journal: Journal): Profiles {
  const table = 'profiles'
  return new Profiles({
    limit: config.devices.limit,
    stored: storedProfiles(environment),
    read: key => environment.get(table, key),
    // A copy: the profile goes on while the journal waits for the disk.
    save: (key, value) => journal.add({ kind: 'put', table, key, value: new Uint8Array(value) }),
    remove: key => journal.add({ kind: 'remove', table, key }),
  })
}

function* storedProfiles(environment: Environment): Iterable<readonly [string, Uint8Array]> {
  for (let after: Buffer | undefined; ; ) {
    const page = environment.page('profiles', { limit: 1000, ...(after && { after }) })
    for (const { key, value } of page) yield [key.toString(), value ?? new Uint8Array()]
    after = page.at(-1)?.key
    if (after === undefined) return
  }
}

/** The lines in which a person sees the network come to life; undefined where nobody looks. */
export function makeActivity(
  { output }: SensorParts,
  devices: Devices,
  enrichment: Enrichment,
  names: ReadonlyMap<number, string>,
): Activity | undefined {
  if (!output.people) return undefined
  return new Activity({
    devices,
    vendor,
    color: output.color,
    interfaceName: ifindex => names.get(ifindex),
    destinationName: flow => enrichment.destinationName(flow.packet, flow.start)?.name,
    write: line => output.offer(line),
  })
}
