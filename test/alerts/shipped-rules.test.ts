import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ecsVersion, observerFields } from '../../src/alerts/alert.ts'
import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { type Fields, joinFields } from '../../src/alerts/ecs/document.ts'
import { type DocumentedEvent, eventDocument } from '../../src/alerts/ecs.ts'
import { ruleAlert } from '../../src/alerts/rule-alert.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type TrafficEvent } from '../../src/protocols/traffic.ts'
import { type LinkedCorrelation, type LinkedRule } from '../../src/rules/link/set.ts'
import { loadRules } from '../../src/rules/load.ts'
import { kindsOf } from '../../src/rules/mapping/resolve.ts'
import { compileRules } from '../../src/rules/ruleset.ts'
import { objectReader, readPath } from '../../src/rules/slots/object.ts'
import { kindOf, programsOf } from '../../src/rules/testing/engine.ts'
import { parseTests } from '../../src/rules/testing/parse.ts'
import { partsOf } from '../../src/rules/testing/set-engine.ts'
import { root } from '../commands/orthrus.ts'
import { conversationFrames, datagramFrames, headerFrames } from '../generate/examples.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { replayed } from '../rules/replayed.ts'
import { indexTemplate } from '../sinks/index-template.ts'
import { ecsFaults } from './schema.ts'

const observer = { name: 'office', hostname: 'sensor-1', version: '0.1.0', id: '0123abcd' }
const placeholders = new Map(Object.entries(loadConfig().rules.placeholders))
const plan = loadRules([join(root, 'rules')], { placeholders })
type Linked = LinkedRule | LinkedCorrelation
const shipped: Linked[] = [...plan.set.rules, ...plan.set.correlations]
const named = shipped.map(linked => ({ title: linked.rule.meta.title, linked }))

/** A rule alone, or a correlation with what it is made of. */
const parts = (linked: Linked) =>
  'targets' in linked ? partsOf(linked, plan.set) : { rules: [linked], correlations: [] }

interface Told {
  readonly event: object
  readonly kind: ReturnType<typeof kindOf>
  readonly time: number
}

const start = Date.UTC(2026, 0, 1) * 1000
const watched = 5 * 60 * 1e6

/** The alerts that a rule's own tests raise, as they leave the sensor. */
function alertsOf(linked: Linked): Fields[] {
  const { rules, correlations } = parts(linked)
  const mark = <T extends Linked>(one: T): T => ({ ...one, alerts: one.rule === linked.rule })
  const own = rules.map(mark)
  const marked = correlations.map(mark)
  const set = { rules: own, correlations: marked, filters: [], invalid: [], faults: [] }
  const node = linked.rule.extensions.get('tests')
  const { tests } = node ? parseTests({ source: linked.rule.source, node }) : { tests: [] }
  return tests.flatMap(({ steps }) => {
    const alerts: Fields[] = []
    const engine = compileRules<Told>(
      { set, programs: own.flatMap(programsOf), correlations: marked, report: [] },
      {
        readerOf: () => ({
          slotOf: field => {
            const read = objectReader.slotOf(field)
            return read && (({ event }) => read(event))
          },
          texts: ({ event }) => objectReader.texts(event),
        }),
        kindOf: ({ kind }) => kind,
        timeOf: ({ time }) => time,
      },
    )
    let now = start
    for (const { at, event } of 'form' in steps ? [] : steps) {
      for (; now < start + at; now += watched) engine.advance(now)
      const [kind] = rules.flatMap(rule => kindOf(event, rule) ?? [])
      const told = { event, kind, time: start + at }
      engine.evaluate(told, finding => {
        const document = joinFields(usual(String(kind)), event as Fields)
        alerts.push(ruleAlert({ ...finding, event: nothing }, document))
      })
    }
    return alerts
  })
}

/** `ruleAlert` reads no event: the document stands for it. */
const nothing = {} as unknown as TrafficEvent

/** What every document of that kind has; a test's event says only what its rule looks at. */
function usual(kind: string): Fields {
  return {
    '@timestamp': '2026-01-01T00:00:00.000000Z',
    ecs: { version: ecsVersion },
    event: {
      kind: 'event',
      category: ['network'],
      type: ['info'],
      module: 'orthrus',
      dataset: `orthrus.${kind}`,
    },
    observer: observerFields(observer),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'orthrus-shipped-'))
let events: readonly DocumentedEvent[] = []
let context: EventContext

beforeAll(async () => {
  const frames = [
    ...Object.values(headerFrames()),
    ...Object.values(datagramFrames()),
    ...Object.values(conversationFrames()).flat(),
  ]
  const file = join(folder, 'examples.pcap')
  writeFileSync(file, pcap(captured(frames)))
  const found = await replayed([file])
  events = found.events
  context = { ...found.context, observer }
})

afterAll(() => rmSync(folder, { recursive: true }))

function isAboutSignals(linked: Linked): boolean {
  return parts(linked).rules.every(({ rule }) => kindsOf(rule.logsource).includes('signal'))
}

/** Real documents that a rule may be about. */
function documentsOf(linked: Linked): Fields[] {
  const kinds = new Set(parts(linked).rules.flatMap(({ rule }) => kindsOf(rule.logsource)))
  return events.filter(({ kind }) => kinds.has(kind)).map(event => eventDocument(event, context))
}

function alertAbout(linked: Linked, document: Fields): Fields {
  const { rule } = linked
  const level = rule.meta.level ?? 'medium'
  const finding = { rule, level, event: nothing, kind: 'flow', time: start } as const
  const facts = { identity: ['x'], heldBack: undefined, baseline: undefined }
  return ruleAlert({ ...finding, ...facts, correlation: undefined }, document)
}

type Properties = Readonly<Record<string, { properties?: Properties; dynamic?: boolean }>>
const { properties } = (indexTemplate()['template'] as { mappings: { properties: Properties } })
  .mappings

/** Paths that the index template has no type for. */
function unmapped(document: object, known: Properties, path = ''): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const found = known[name]
    if (found === undefined) return [`${path}${name}`]
    if (found.dynamic === true || typeof value !== 'object' || Array.isArray(value)) return []
    return unmapped(value as object, found.properties ?? {}, `${path}${name}.`)
  })
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : []
}

/** Addresses, names and hashes of the document that `related` does not have. */
function unrelated(alert: Fields): string[] {
  const { related, observer: _, network: __, orthrus, ...rest } = alert
  const known = new Set(leaves(related))
  const { baseline: ___, correlation: ____, ...facts } = (orthrus ?? {}) as Fields
  const ips = leaves({ rest, facts }).filter(text => isIP(text) && !/^(0\.0\.0\.0|::)$/.test(text))
  const paths = ['destination.domain', 'url.domain', 'dns.question.name', 'tls.client.server_name']
  const hashes = [
    'tls.client.ja3',
    'tls.server.hash.sha256',
    'orthrus.tls.ja4',
    'orthrus.ssh.hassh',
  ]
  const named = [...paths, ...hashes].flatMap(path => leaves(readPath(alert, path)))
  return [...ips, ...named].filter(text => !known.has(text))
}

const needed = ['@timestamp', 'ecs.version', 'message', 'event.id', 'event.severity', 'rule.id']
const also = ['rule.name', 'rule.description', 'labels.level', 'observer.name', 'threat.framework']

function faultsOf(alert: Fields): string[] {
  const missing = [...needed, ...also].filter(path => readPath(alert, path) === undefined)
  const kind = readPath(alert, 'event.kind')
  return [
    ...ecsFaults(alert),
    ...unmapped(alert, properties).map(path => `${path}: not in the index template`),
    ...unrelated(alert).map(text => `${text}: not in related`),
    ...missing.map(path => `${path} is missing`),
    ...(kind === 'alert' ? [] : [`event.kind is ${String(kind)}`]),
  ]
}

describe.each(named)('$title', ({ linked }) => {
  test('each alert of its own tests is ECS 9.4 and fits the index template', () => {
    const alerts = alertsOf(linked)
    expect(alerts.length).toBeGreaterThan(0)
    expect(new Set(alerts.flatMap(faultsOf))).toEqual(new Set())
  })

  test('so it is about every document of real traffic', () => {
    const faults = documentsOf(linked).map(document => faultsOf(alertAbout(linked, document)))
    expect(new Set(faults.flat())).toEqual(new Set())
  })
})

test('real traffic gives documents to most rules', () => {
  // What detectors say comes of hundreds of packets: test/detectors has it.
  const about = shipped.filter(linked => !isAboutSignals(linked))
  const without = about.filter(linked => documentsOf(linked).length === 0)
  expect(without.length).toBeLessThan(about.length / 4)
})
