import { describe, expect, onTestFinished, test } from 'vitest'
import { noCounters, type SourceCounters } from '../../src/capture/counters.ts'
import { type DeviceEvent } from '../../src/enrich/device-event.ts'
import { Devices } from '../../src/enrich/devices.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { observe } from '../../src/enrich/evidence.ts'
import { OnLink } from '../../src/enrich/on-link.ts'
import { measureOverhead } from '../../src/operate/overhead.ts'
import { SummaryCounter } from '../../src/operate/summary.ts'
import { summaryDocument } from '../../src/operate/summary-document.ts'
import { summaryText } from '../../src/operate/summary-text.ts'
import { bytesText, durationText } from '../../src/operate/units.ts'
import { ecsFaults } from '../alerts/schema.ts'
import { event, type Fields } from '../enrich/record.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary } from '../storage/open.ts'

const observer = { name: 'sensor-1', hostname: 'host-1', version: '0.1.0' }
const mac = '00-00-5E-00-53-23'
const flow: Fields = {
  kind: 'EVENT_FLOW_END',
  mac,
  from: '192.0.2.23',
  to: '198.51.100.9',
  packets: [6, 4],
  bytes: [600, 4000],
}

async function counting() {
  const source: { counters: SourceCounters } = {
    counters: {
      kernel: noCounters(),
      records: 0,
      flowUpdates: 0,
      flowEnds: 0,
      flowsLive: 0,
      flowsEvicted: 0,
      ringBacklog: 0,
      ringSize: 0,
    },
  }
  const clock = { now: Date.UTC(2026, 10, 22, 8, 0, 0) }
  const events: DeviceEvent[] = []
  const environment = await openTemporary()
  const devices = new Devices({
    environment,
    journal: journalFor(environment),
    limit: 100,
    learning: 3600e6,
    vendor: () => undefined,
    onEvent: one => {
      events.push(one)
      summary.countDevice(one)
    },
  })
  const onLink = new OnLink()
  onLink.setInterfaces([{ index: 7, name: 'eth0', mac: '', addresses: ['192.0.2.7/24'] }])
  const home = homeOf(['192.0.2.0/24'])
  const overhead = measureOverhead(() => ({ ns: 0, runs: 0 }))
  onTestFinished(() => overhead.close())
  const summary: SummaryCounter = new SummaryCounter({
    devices,
    direction: one => home.direction(one),
    counters: () => source.counters,
    queue: () => ({ waiting: 0, sinks: {} }),
    overhead,
    now: () => clock.now,
  })
  const take = (...records: Fields[]) => {
    for (const record of records) {
      const one = event(record)
      observe(one, devices, onLink)
      summary.count(one)
    }
  }
  return { source, clock, summary, take }
}

describe('summary', () => {
  test('adds what each report of a flow adds, not its totals again', async () => {
    const { summary, take } = await counting()
    take({ ...flow, kind: 'EVENT_FLOW_UPDATE', packets: [2, 1], bytes: [200, 1000] })
    take({ ...flow, kind: 'EVENT_FLOW_UPDATE', packets: [5, 4], bytes: [500, 4000] })
    take(flow)
    take({ ...flow, ports: [40_001, 443] })
    const { tally } = summary.take()
    expect(tally.protocols.get('https')).toEqual({
      flows: 2,
      packets: 20,
      bytes: 9200,
      messages: 0,
    })
    expect(tally.directions).toMatchObject({ outbound: 9200, inbound: 0 })
    expect(tally.flowsEnded).toBe(2)
  })

  test('of UDP, whose conversations are over with their end, too', async () => {
    const { summary, take } = await counting()
    const udp = { ...flow, protocol: 17 }
    take({ ...udp, ports: [40_001, 443] })
    take({ ...udp, kind: 'EVENT_FLOW_UPDATE', packets: [2, 1], bytes: [200, 1000] })
    take(udp)
    take({ ...udp, ports: [40_002, 443] })
    const { protocols } = summary.take().tally
    expect([...protocols.values()]).toEqual([{ flows: 3, packets: 30, bytes: 13_800, messages: 0 }])
  })

  test('begins anew each time, and the last one is of the whole run', async () => {
    const { summary, take, clock, source } = await counting()
    take(flow, {
      kind: 'EVENT_MESSAGE',
      l7: 1,
      protocol: 17,
      from: '192.0.2.23',
      to: '192.0.2.1',
      mac,
    })
    source.counters = { ...source.counters, kernel: { ...noCounters(), packets: 100, bytes: 5000 } }
    summary.countAlert()
    clock.now += 60_000
    expect(summary.take()).toMatchObject({ packets: 100, bytes: 5000, alerts: 1, uptime: 60_000 })
    clock.now += 60_000
    const second = summary.take()
    expect(second).toMatchObject({ packets: 0, alerts: 0, start: clock.now - 60_000 })
    expect(second.tally.protocols.size).toBe(0)
    const last = summary.take(true)
    expect(last).toMatchObject({ packets: 100, alerts: 1, start: clock.now - 120_000 })
    expect(last.tally.protocols.get('dns')).toMatchObject({ messages: 1 })
    expect(last.tally.newDevices).toBe(1)
  })

  test('counts a device for its own addresses, not a router for those behind it', async () => {
    const { summary, take } = await counting()
    take(flow)
    take({ ...flow, from: '198.51.100.9', to: '192.0.2.23', mac: '00-00-5E-00-53-01', toMac: mac })
    const { devices } = summary.take().tally
    expect(
      [...devices].map(([device, { bytesSent, bytesReceived }]) => [
        device.mac,
        bytesSent,
        bytesReceived,
      ]),
    ).toEqual([[mac, 4600, 4600]])
  })

  test('stays within its bounds', async () => {
    const { summary, take } = await counting()
    for (let n = 0; n < 300; n++) {
      take({ ...flow, protocol: n % 256, ports: [n, n], to: `198.51.${n >> 8}.${n & 255}` })
    }
    const { tally } = summary.take()
    expect(tally.protocols.size).toBeLessThanOrEqual(65)
    const [device] = tally.devices.values()
    expect(device?.targets.size).toBeLessThanOrEqual(17)
    const amounts = [...(device?.targets.values() ?? [])].map(({ amount }) => amount)
    expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(300 * 4600)
  })

  test('says what was not seen, by class, since the last time', async () => {
    const { summary, source } = await counting()
    const kernel = noCounters()
    kernel.lost.flowStart = 3
    kernel.shed.message = 2
    kernel.held.arp = 7
    kernel.truncated = 1
    source.counters = { ...source.counters, kernel, flowsEvicted: 5 }
    const expected = {
      lost_flow_start: 3,
      shed_message: 2,
      held_arp: 7,
      truncated: 1,
      flows_evicted: 5,
    }
    const first = summary.take()
    expect(first.loss).toEqual(expected)
    expect(summaryText(first, { color: false, vendor: () => undefined })).toContain(
      'missed    lost_flow_start 3, shed_message 2, held_arp 7, flows_evicted 5, truncated 1',
    )
    expect(summary.take().loss).toEqual({})
    expect(summary.take(true).loss).toEqual(expected)
  })

  test('is a table for people', async () => {
    const { summary, take, clock, source } = await counting()
    take({ ...flow, kind: 'EVENT_FLOW_START', packets: [1, 0], bytes: [60, 0] }, flow)
    source.counters = { ...source.counters, kernel: { ...noCounters(), packets: 10, bytes: 4600 } }
    clock.now += 60_000
    const vendor = () => 'Evil\u001b[2J Corp'
    const text = summaryText(summary.take(), { color: false, vendor })
    const shown = text.replace(/^sensor .*$/m, 'sensor …')
    expect(shown).toMatchInlineSnapshot(`
      "── 08:01:00 summary, last 60 s ────────────────────────────────────────
      traffic   10 packets, 4.5 KiB (0/s, 77 B/s); flows 1 new, 0 open; outbound 4.5 KiB
        protocol                 flows   packets     bytes  messages
        https                        1        10   4.5 KiB
      devices   1 known, 1 new, learning for 60 min more
        device                                         packets      sent  received  uses → with
        192.0.2.23 (Evil\\x1b[2J Corp)                        6     600 B   3.9 KiB  https → 198.51.100.9
      alerts    0
      missed    nothing
      sensor …
      "
    `)
    expect(text).toMatch(/^sensor {4}CPU \d+\.\d %, memory \d+ MiB, loop lag \d+\.\d ms$/m)
  })

  test('a device is called by the address that says most', async () => {
    const { summary, take } = await counting()
    take({ ...flow, from: 'fe80::23', to: 'ff02::2' }, flow)
    const text = summaryText(summary.take(), { color: false, vendor: () => undefined })
    expect(text).toMatch(/^ {2}192\.0\.2\.23 /m)
    expect(text).not.toContain('  fe80::23')
  })

  test('is one valid ECS document for machines', async () => {
    const { summary, take, clock } = await counting()
    take(flow)
    clock.now += 60_000
    const document = summaryDocument(summary.take(), observer)
    expect(ecsFaults(document)).toEqual([])
    expect(document).toMatchObject({
      event: { kind: 'metric', dataset: 'orthrus.sensor', duration: 60e9 },
      orthrus: {
        sensor: {
          uptime_seconds: 60,
          protocols: [{ name: 'https', flows: 1, packets: 10, bytes: 4600 }],
          devices: { known: 1, top: [{ mac, bytes_sent: 600, bytes_received: 4000 }] },
        },
      },
    })
  })
})

test('overhead counts the kernel programs where the kernel does', () => {
  let kernel = { ns: 1000, runs: 10 }
  const meter = measureOverhead(() => kernel)
  kernel = { ns: 5000, runs: 90 }
  expect(meter.read()).toMatchObject({ kernelNsPerPacket: 50, rssBytes: expect.any(Number) })
  expect(meter.read()).not.toHaveProperty('kernelNsPerPacket')
  meter.close()
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [12_582_912, '12 MiB'],
  [1024 ** 6, '1024 PiB'],
])('%i bytes are written %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test.each([
  [45_000, '45 s'],
  [600_000, '10 min'],
  [12_000_000, '3 h 20 min'],
  [187_200_000, '2 d 4 h'],
])('%i ms are written %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
