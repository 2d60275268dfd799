import { type Direction } from './attach-error.ts'
import { type BpfObject, loadObject, type ObjectOptions } from './bpf-object.ts'
import { hasCoarseClock } from './kernel-features.ts'
import { type CaptureOptions } from './options.ts'
import { ringSize, settingsBytes } from './settings.ts'

type Link = 'l2' | 'l3'

/** The sensor in the kernel: its maps, and its programs for devices with and without Ethernet. */
export interface Sensor {
  readonly object: BpfObject
  /** File descriptor; the programs of the other kind of link are loaded when first asked for. */
  program(link: Link, direction: Direction): number
  close(): void
}

/**
 * Loads the programs for `link`. The verifier takes a third of a second for a kind of link, and few
 * machines have both: so the other kind waits until an interface needs it, and shares the maps.
 */
export function loadSensor(capture: CaptureOptions, link: Link, path?: string): Sensor {
  const shared: ObjectOptions = {
    ...(path === undefined ? {} : { path }),
    settings: settingsBytes(capture, hasCoarseClock()),
  }
  const entries = capture.flow_table
  const maxEntries = { events: ringSize(capture), flows4: entries, flows6: entries }
  const object = loadObject({ ...shared, maxEntries, programs: programsOf(link) })
  const objects = new Map([[link, object]])
  return {
    object,
    program(wanted, direction) {
      const found = objects.get(wanted) ?? loadObject({ ...shared, ...other(wanted, object) })
      objects.set(wanted, found)
      return found.program(programName(wanted, direction))
    },
    close() {
      for (const one of objects.values()) one.close()
    },
  }
}

function other(link: Link, mapsOf: BpfObject): ObjectOptions {
  return { programs: programsOf(link), mapsOf }
}

function programsOf(link: Link): string[] {
  return [programName(link, 'ingress'), programName(link, 'egress')]
}

function programName(link: Link, direction: Direction): string {
  return `orthrus_${link}_${direction}`
}
