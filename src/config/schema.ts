import { type Static, Type } from 'typebox'
import { captureOptions } from '../capture/options.ts'
import { devicesOptions, enrichOptions } from '../enrich/options.ts'
import { summaryOptions } from '../operate/options.ts'
import { outboxOptions } from '../outbox/options.ts'
import { rulesOptions } from '../rules/options.ts'
import * as sinkKinds from '../sinks/index.ts'
import { stateOptions } from '../storage/options.ts'
import { logOptions, networkOptions } from './sections.ts'
import { sinksSection } from './sinks.ts'

/** The configuration file. One line is one section; each is there, with its defaults, when left out. */
export const configSchema = Type.Object(
  {
    capture: captureOptions,
    network: networkOptions,
    devices: devicesOptions,
    enrich: enrichOptions,
    rules: rulesOptions,
    state: stateOptions,
    sinks: sinksSection(sinkKinds),
    outbox: outboxOptions,
    summary: summaryOptions,
    log: logOptions,
  },
  { additionalProperties: false },
)

export type Config = Static<typeof configSchema>
