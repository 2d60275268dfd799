import { describe, expect, test } from 'vitest'
import { Devices } from '../../src/enrich/devices.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { Enrichment } from '../../src/enrich/enrichment.ts'
import { observe } from '../../src/enrich/evidence.ts'
import { OnLink } from '../../src/enrich/on-link.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary } from '../storage/open.ts'
import { event } from './record.ts'

const options = { names: { limit: 1024 }, geo: { enabled: true, country: '', asn: '' } }
const mac = '00-00-5E-00-53-23'
const router = '00-00-5E-00-53-01'
const eth0 = { index: 7, name: 'eth0', mac: '00-00-5E-00-53-FE', addresses: ['192.0.2.7/24'] }

async function inventory(): Promise<Devices> {
  const environment = await openTemporary()
  const devices = new Devices({
    environment,
    journal: journalFor(environment),
    limit: 10,
    learning: 0,
    vendor: () => undefined,
    onEvent: () => undefined,
  })
  devices.setInterfaces([eth0])
  return devices
}

describe('the ends of a conversation', () => {
  const flow = event({
    kind: 'EVENT_FLOW_START',
    mac,
    toMac: router,
    from: '192.0.2.23',
    to: '8.8.8.8',
  })

  test('are the device that has the address, never the router before a remote host', async () => {
    const devices = await inventory()
    const onLink = new OnLink()
    onLink.setInterfaces([eth0])
    const enrichment = new Enrichment(options, { home: () => homeOf([]), devices })
    expect(enrichment.source(flow.packet).device).toBeUndefined()
    observe(flow, devices, onLink)
    const fromRouter = { kind: 'EVENT_FLOW_START', mac: router, from: '192.0.2.1' } as const
    observe(event({ ...fromRouter, to: '192.0.2.23' }), devices, onLink)
    expect(enrichment.source(flow.packet).device).toMatch(/^[0-9a-f]{16}$/)
    expect(enrichment.destination(flow.packet).device).toBeUndefined()
  })

  test('are somewhere, unless they are at home', () => {
    let home = homeOf([])
    const enrichment = new Enrichment(options, { home: () => home })
    expect(enrichment.destination(flow.packet).place).toMatchObject({ country: 'US' })
    expect(enrichment.source(flow.packet).place).toBeUndefined()
    home = homeOf(['8.8.8.0/24'])
    expect(enrichment.destination(flow.packet).place).toBeUndefined()
  })
})
