import { join } from 'node:path'
import { validate } from 'node-cron'
import { section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { SensorError } from '../errors.ts'
import { defineDetector } from './detector.ts'
import { type ListFault, loadLists } from './indicator-lists.ts'
import { IndicatorStore } from './indicator-store.ts'
import { IndicatorWatch } from './indicator-watch.ts'

const schema = section('Names, addresses, fingerprints and certificates that others warn of.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  sources: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    uniqueItems: true,
    maxItems: 200,
    description:
      'Files and https:// URLs of lists: STIX 2.1 or MISP in JSON, CSV, a hosts file, or one indicator a line.',
  }),
  refresh: Type.String({
    default: '17 * * * *',
    description:
      'When a running sensor looks for changed files and fetches URLs anew, as cron writes it.',
  }),
  entries: Type.Integer({
    default: 1_400_000,
    minimum: 1000,
    maximum: 20_000_000,
    description:
      'Most indicators that are kept: 36 MB for 1,400,000; what comes beyond is counted.',
  }),
})

export type IndicatorOptions = Static<typeof schema>

/** What lists of threats warn of (ATT&CK T1071, T1583): a look-up for each event, no more. */
export const indicator = defineDetector({
  schema,
  signals: [
    {
      name: 'indicator',
      when: 'A name, address, URL, fingerprint or certificate of the traffic is on a list.',
      evidence: {
        kind: 'domain, address, url, ja3, ja4 or certificate',
        value: 'what was seen',
        indicator: 'what the list has: the name above it, or the network around it',
        source: 'the file or the URL of the list',
        label: 'what the list says of it',
        expires: 'until when the list holds it, ISO 8601; absent for ever',
      },
    },
  ],
  open(options, context) {
    const { directory, live, log } = context
    checkSchedule(options.refresh)
    const store = new IndicatorStore({
      sources: options.sources,
      limit: options.entries,
      copies: join(directory, 'indicators'),
      refresh: live ? options.refresh : undefined,
      log,
    })
    const watch = new IndicatorWatch(store, context)
    return {
      flows: ['start', 'end'],
      on: {
        flow: event => watch.flow(event),
        dns: event => watch.dns(event),
        tls: event => watch.tls(event),
        quic: event => watch.quic(event),
        http: event => watch.http(event),
      },
      reload: () => void store.refresh(),
      close: () => store.close(),
      counts: () => ({ entries: store.index.size, refused: store.refused }),
    }
  },
})

/** What is wrong with the files of the detector's options; URLs are not asked. */
export function indicatorFaults(
  own: Readonly<Record<string, unknown>> | undefined,
): readonly ListFault[] {
  if (own === undefined || own['enabled'] === false) return []
  const options = own as IndicatorOptions
  const sources = options.sources.filter(source => !/^https?:\/\//i.test(source))
  return loadLists({ sources, limit: options.entries, copies: '' }).faults
}

/** Throws `CONFIG_INVALID`. */
function checkSchedule(text: string): void {
  if (validate(text)) return
  const fix = 'write it as cron does, like `17 * * * *` for each hour'
  throw new SensorError(
    'CONFIG_INVALID',
    `\`detectors.indicator.refresh\`: \`${text}\` is no schedule; ${fix}`,
  )
}
