import { type Static, Type } from 'typebox'
import { captureOptions } from '../capture/options.ts'
import { devicesOptions } from '../enrich/options.ts'
import { stateOptions } from '../storage/options.ts'
import { logOptions, networkOptions, sinksOptions, summaryOptions } from './sections.ts'

/** The configuration file. One line is one section; each is there, with its defaults, when left out. */
export const configSchema = Type.Object(
  {
    capture: captureOptions,
    network: networkOptions,
    devices: devicesOptions,
    state: stateOptions,
    sinks: sinksOptions,
    summary: summaryOptions,
    log: logOptions,
  },
  { additionalProperties: false },
)

export type Config = Static<typeof configSchema>
