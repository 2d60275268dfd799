import { baselinesOptions } from '../baseline/options.ts'
import { captureOptions } from '../capture/options.ts'
import { detectorName } from '../detectors/detectors.ts'
import * as detectorKinds from '../detectors/index.ts'
import { devicesOptions, enrichOptions } from '../enrich/options.ts'
import { monitorOptions } from '../operate/monitor/options.ts'
import { summaryOptions } from '../operate/options.ts'
import { outboxOptions } from '../outbox/options.ts'
import { rulesOptions } from '../rules/options.ts'
import * as sinkKinds from '../sinks/index.ts'
import { stateOptions } from '../storage/options.ts'
import { detectorsSection } from './detectors.ts'
import { logOptions, networkOptions } from './sections.ts'
import { sinksSection } from './sinks.ts'
import { type Static, Type } from './type.ts'

/** The configuration file. One line is one section; each is there, with its defaults, when left out. */
export const configSchema = Type.Object(
  {
    capture: captureOptions,
    network: networkOptions,
    devices: devicesOptions,
    enrich: enrichOptions,
    detectors: detectorsSection(detectorKinds, detectorName),
    rules: rulesOptions,
    baselines: baselinesOptions,
    state: stateOptions,
    sinks: sinksSection(sinkKinds),
    outbox: outboxOptions,
    summary: summaryOptions,
    monitor: monitorOptions,
    log: logOptions,
  },
  { additionalProperties: false },
)

export type Config = Static<typeof configSchema>
