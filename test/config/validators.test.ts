import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'

// The program uses the validators that the build has written; these tests run those of the sources.
const built: { readConfig: typeof readConfig } = await import(
  new URL('../../dist/config/load.js', import.meta.url).href
)

const folder = mkdtempSync(join(tmpdir(), 'orthrus-validators-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  '{}',
  'capture: {flow_table: 3, flow: {tcp_timeout: 0ms, udp_timeout: 400d, icmp_timeout: soon}}',
  'network: {home: [10.0.0.0/33, fe80::/10, fe80::/10, 7]}',
  'capture: {interfaces: []}\nlog: {level: loud, nonsense: 1}\nwhat: {}',
  'sinks: {a: {type: webhok}, b: {type: webhook}, C: {type: console}, d: {type: file}}',
  'sinks: {b: {type: webhook, url: 7, headers: [], when: {level: none, tags: [1]}}}',
  'sinks: {k: {type: kafka, brokers: [], topic: "", tls: {ca: 1}}, s: {type: syslog, host: 1}}',
  'sinks: {s: {type: slack, url: "https://hooks.example/x", max_age: -1}}',
  'detectors: {beacon: {score: 7, pairs: many}, scan: {enabled: 1}, nothing: {}}',
  'devices: {watch: [{device: "", after: 1s}, {after: 20s}]}\nbaselines: 7',
  'outbox: {quota: 1.5, shutdown: 1h}\nsummary: {interval: 2d}\nrules: {strict: "yes"}',
])('the build judges as the sources do: %s', text => {
  const file = join(folder, 'orthrus.yaml')
  writeFileSync(file, text)
  expect(built.readConfig(file)).toEqual(readConfig(file))
})
