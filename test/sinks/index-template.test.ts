import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alertDocument } from '../../src/alerts/alert.ts'
import { deviceDocument } from '../../src/alerts/ecs/device.ts'
import { sensorAlert } from '../../src/alerts/sensor.ts'
import { root } from '../commands/orthrus.ts'
import { indexTemplate } from './index-template.ts'

const file = join(root, 'docs/elasticsearch-template.json')

test('docs/elasticsearch-template.json is what the fields say; `npx vitest run -u test/sinks/index-template` writes it', async () => {
  await expect(`${JSON.stringify(indexTemplate(), null, 2)}\n`).toMatchFileSnapshot(file)
})

type Properties = Readonly<Record<string, { properties?: Properties; dynamic?: boolean }>>

/** Paths of a document that the template has no type for. */
function unmapped(document: object, properties: Properties, path = ''): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const found = properties[name]
    if (found === undefined) return [`${path}${name}`]
    if (found.dynamic === true || typeof value !== 'object' || Array.isArray(value)) return []
    return unmapped(value as object, found.properties ?? {}, `${path}${name}.`)
  })
}

test('every field of an alert has its type', () => {
  const { properties } = (indexTemplate()['template'] as { mappings: { properties: Properties } })
    .mappings
  const observer = { name: 'sensor-1', hostname: 'sensor-1', version: '0.1.0' }
  const time = 1_795_000_000_000_000
  const documents = [
    sensorAlert({
      action: 'capture-loss',
      level: 'high',
      message: 'm',
      time,
      observer,
      facts: { a: 1 },
    }),
    alertDocument({
      rule: {
        id: 'r',
        name: 'n',
        level: 'medium',
        category: 'c',
        description: 'd',
        version: '1',
      },
      observer,
      time,
      identity: [],
      message: 'm',
      action: 'a',
      dataset: 'd',
      interface: 'eth0',
      vlan: 5,
    }),
    deviceDocument(
      {
        kind: 'device',
        action: 'device-new',
        time,
        deviceId: 'd',
        epoch: time,
        sourceMac: '02-00-00-00-00-01',
        sourceIp: '192.0.2.1',
        vendor: 'Maker',
        randomised: false,
        learning: false,
        self: false,
        interface: 'eth0',
        vlan: 5,
        evidence: 'arp',
        addresses: ['192.0.2.1'],
        names: ['host'],
        roles: [{ role: 'router', evidence: 'forwards-packets' }],
        tags: ['office'],
        previous: { deviceId: 'e', mac: '02-00-00-00-00-02', lastSeen: time },
        identity: { score: 0.75, evidence: ['hostname'], macs: [], candidates: 1 },
        silence: 1e6,
        firstSeen: time,
        observed: 1e6,
        known: 3,
      } as unknown as Parameters<typeof deviceDocument>[0],
      { observer, interfaceName: () => undefined, direction: () => undefined },
    ),
  ]
  expect(documents.flatMap(document => unmapped(document, properties))).toEqual([])
})
