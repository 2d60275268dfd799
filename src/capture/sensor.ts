import { type Direction } from './attach-error.ts'
import { type BpfObject, loadObject, loadObjectAside, type ObjectOptions } from './bpf-object.ts'
import { hasCoarseClock } from './kernel-features.ts'
import { type CaptureOptions } from './options.ts'
import { programInfo } from './program-info.ts'
import { ringSize, settingsBytes } from './settings.ts'
import { type KernelTime } from './source.ts'

type Link = 'l2' | 'l3'
const directions = ['ingress', 'egress'] as const

/** The sensor in the kernel: its maps, and its programs for devices with and without Ethernet. */
export interface Sensor {
  /** Has the maps. */
  readonly object: BpfObject
  /** Loads the programs for a kind of link, on as many cores as there are directions. */
  prepare(link: Link): Promise<void>
  /** File descriptor; a program that was not prepared is loaded when first asked for. */
  program(link: Link, direction: Direction): number
  /** What the loaded programs have cost so far. */
  time(): KernelTime
  close(): void
}

/**
 * Makes the maps. The verifier takes a tenth of a second or more for a program, and few machines have
 * both kinds of link: so each program is loaded for itself, when it is needed, and shares the maps.
 */
export function loadSensor(capture: CaptureOptions, path?: string): Sensor {
  const shared: ObjectOptions = {
    ...(path === undefined ? {} : { path }),
    settings: settingsBytes(capture, hasCoarseClock()),
  }
  const entries = capture.flow_table
  const maxEntries = { events: ringSize(capture), flows4: entries, flows6: entries }
  const object = loadObject({ ...shared, maxEntries, programs: [] })
  const loaded = new Map<string, BpfObject>()
  const only = (name: string) => ({ ...shared, mapsOf: object, programs: [name] })
  let closed = false

  async function load(name: string): Promise<void> {
    const one = await loadObjectAside(only(name))
    if (closed || loaded.has(name)) one.close()
    else loaded.set(name, one)
  }

  return {
    object,
    async prepare(link) {
      await Promise.all(directions.map(direction => load(programName(link, direction))))
    },
    program(link, direction) {
      const name = programName(link, direction)
      const one = loaded.get(name) ?? loadObject(only(name))
      loaded.set(name, one)
      return one.program(name)
    },
    time() {
      const infos = [...loaded].map(([name, one]) => programInfo(one.program(name)))
      return {
        ns: infos.reduce((sum, { runTime }) => sum + runTime, 0),
        runs: infos.reduce((sum, { runs }) => sum + runs, 0),
      }
    },
    close() {
      closed = true
      for (const one of [...loaded.values(), object]) one.close()
    },
  }
}

function programName(link: Link, direction: Direction): string {
  return `orthrus_${link}_${direction}`
}
