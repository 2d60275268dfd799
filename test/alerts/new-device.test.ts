import { describe, expect, test } from 'vitest'
import { alertId } from '../../src/alerts/alert.ts'
import { newDeviceAlert } from '../../src/alerts/new-device.ts'
import { sensorAlert } from '../../src/alerts/sensor.ts'
import { type DeviceEvent } from '../../src/enrich/device-event.ts'
import { ecsFaults } from './schema.ts'

const observer = { name: 'sensor-1', hostname: 'host-1', version: '0.1.0' }
const full: DeviceEvent = {
  kind: 'device',
  action: 'device-new',
  time: 1_764_000_000_123_456,
  deviceId: '0123456789abcdef',
  sourceMac: '00-00-5E-00-53-23',
  sourceIp: '192.0.2.23',
  addresses: ['192.0.2.23'],
  vendor: 'Example Corp',
  randomised: false,
  interface: 'eth0',
  vlan: 20,
  evidence: 'arp',
  firstSeen: 1_764_000_000_123_456,
  self: false,
  learning: false,
  epoch: 1_763_990_000_000_000,
  observed: 4_000_000_000,
  known: 42,
}
const { sourceIp: _ip, vendor: _vendor, ...rest } = full
const bare: DeviceEvent = { ...rest, addresses: [], interface: '', vlan: 0, evidence: 'ip' }

describe('new-device alert', () => {
  test('is a whole ECS document', () => {
    expect(newDeviceAlert(full, observer)).toMatchInlineSnapshot(`
      {
        "@timestamp": "2025-11-24T16:00:00.123456Z",
        "device": {
          "id": "0123456789abcdef",
          "manufacturer": "Example Corp",
        },
        "ecs": {
          "version": "9.4.0",
        },
        "event": {
          "action": "device-new",
          "category": [
            "network",
          ],
          "dataset": "orthrus.device",
          "id": "82ea71193223329dbdb875b9e001c646",
          "kind": "alert",
          "module": "orthrus",
          "severity": 47,
          "type": [
            "info",
          ],
        },
        "labels": {
          "level": "medium",
        },
        "message": "new device 192.0.2.23 (00-00-5E-00-53-23), Example Corp, on eth0 VLAN 20, seen by ARP",
        "network": {
          "protocol": "arp",
          "type": "ipv4",
          "vlan": {
            "id": "20",
          },
        },
        "observer": {
          "hostname": "host-1",
          "ingress": {
            "interface": {
              "name": "eth0",
            },
            "vlan": {
              "id": "20",
            },
          },
          "name": "sensor-1",
          "product": "Orthrus",
          "type": "sensor",
          "vendor": "Orthrus",
          "version": "0.1.0",
        },
        "orthrus": {
          "baseline": {
            "devices": 41,
            "observed_seconds": 4000,
            "since": "2025-11-24T13:13:20.000000Z",
          },
          "device": {
            "evidence": [
              "arp",
            ],
            "first_seen": "2025-11-24T16:00:00.123456Z",
            "randomised_mac": false,
          },
        },
        "related": {
          "ip": [
            "192.0.2.23",
          ],
        },
        "rule": {
          "category": "new-device",
          "description": "A device was seen on a link for the first time since the sensor began to learn.",
          "id": "6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01",
          "name": "New device on the network",
          "ruleset": "orthrus",
          "version": "1",
        },
        "source": {
          "address": "192.0.2.23",
          "ip": "192.0.2.23",
          "mac": "00-00-5E-00-53-23",
        },
        "tags": [
          "orthrus",
        ],
      }
    `)
  })

  test.each([
    ['everything known', full],
    ['hardly anything known', bare],
    ['IPv6', { ...full, sourceIp: '2001:db8::23', evidence: 'ndp' as const }],
  ])('is valid ECS 9.4 with %s', (_, event) => {
    expect(ecsFaults(newDeviceAlert(event, observer))).toEqual([])
  })

  test('has the same id for the same device in the same memory, else another', () => {
    const id = (event: DeviceEvent) => newDeviceAlert(event, observer).event.id
    expect(id({ ...full, time: full.time + 1, sourceIp: '192.0.2.99' })).toBe(id(full))
    expect(id({ ...full, deviceId: 'f' })).not.toBe(id(full))
    expect(id({ ...full, epoch: 1 })).not.toBe(id(full))
    expect(alertId('a', ['b', 'c'])).not.toBe(alertId('a', ['b","c']))
  })

  test('tells a person what happened', () => {
    expect(newDeviceAlert(full, observer).message).toBe(
      'new device 192.0.2.23 (00-00-5E-00-53-23), Example Corp, on eth0 VLAN 20, seen by ARP',
    )
    expect(newDeviceAlert(bare, observer).message).toBe(
      'new device 00-00-5E-00-53-23, unknown vendor, on the link, seen sending IP packets',
    )
  })
})

test('sensor alert is valid ECS 9.4', () => {
  const document = sensorAlert({
    action: 'memory-set-aside',
    level: 'high',
    message: 'the memory was damaged and begins anew',
    time: full.time,
    observer,
    facts: { path: '/var/lib/orthrus/memory.corrupt-1' },
  })
  expect(ecsFaults(document)).toEqual([])
  expect(document.event.kind).toBe('pipeline_error')
})

test('the check of these tests finds faults', () => {
  const wrong = {
    event: { kind: 'nonsense', category: 'network', sevrity: 1 },
    source: { ip: 'x' },
  }
  expect(ecsFaults(wrong)).toHaveLength(4)
})
