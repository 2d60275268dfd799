import { beforeEach, describe, expect, test } from 'vitest'
import { Devices } from '../../src/enrich/devices.ts'
import { observe } from '../../src/enrich/evidence.ts'
import { OnLink } from '../../src/enrich/on-link.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { Activity } from '../../src/sinks/activity.ts'
import { Seen } from '../../src/sinks/seen.ts'
import { arp, event, type Fields, micros } from '../enrich/record.ts'
import * as p from '../generate/packets.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary } from '../storage/open.ts'

const mac = '00-00-5E-00-53-23'
let lines: string[]
let activity: Activity
let devices: Devices
let onLink: OnLink
let protocols: Protocols

beforeEach(async () => {
  lines = []
  onLink = new OnLink()
  const eth0 = { index: 7, name: 'eth0', mac: '00-00-5E-00-53-FE', addresses: ['192.0.2.7/24'] }
  onLink.setInterfaces([eth0])
  const vendor = (high: number) => (high === 0x00005e ? 'Evil\u001b[31m\nCorp' : undefined)
  const environment = await openTemporary()
  devices = new Devices({
    environment,
    journal: journalFor(environment),
    limit: 100_000,
    learning: 3600e6,
    vendor,
    onEvent: one => activity.device(one),
  })
  devices.setInterfaces([eth0])
  activity = new Activity({
    devices,
    vendor,
    color: false,
    interfaceName: ifindex => (ifindex === 7 ? 'eth0' : undefined),
    destinationName: one => (one.destinationIp === '198.51.100.77' ? 'evil\u001b[31m' : undefined),
    write: line => lines.push(line),
  })
  protocols = new Protocols(one => activity.protocol(one))
})

/** What the records show, with times and the end of the line left out. */
function shown(...records: Fields[]): string[] {
  const before = lines.length
  for (const record of records) {
    const one = event(record)
    observe(one, devices, onLink)
    activity.event(one)
    protocols.take(one)
  }
  activity.tick(Number.POSITIVE_INFINITY)
  return lines.slice(before).map(line => line.slice(9, -1))
}

const maker = 'Evil\\x1b[31m\\x0aCorp'
const flow: Fields = {
  kind: 'EVENT_FLOW_START',
  mac,
  from: '192.0.2.23',
  to: '198.51.100.9',
  ports: [40_000, 22],
}
const dns: Fields = {
  ...flow,
  kind: 'EVENT_MESSAGE',
  l7: 1,
  protocol: 17,
  to: '192.0.2.1',
  ports: [999, 53],
  payload: p.dnsQuery('www.example.org\u001b[31m', 'A'),
}

describe('activity', () => {
  test('shows a device and a service the first time, and is quiet from then on', () => {
    expect(shown(flow)).toEqual([
      `[eth0] NEW    192.0.2.23 is ${mac} (${maker}), learnt`,
      `[eth0] SSH    192.0.2.23 (${maker}) → 198.51.100.9:22`,
    ])
    const again: Fields = { ...flow, ports: [40_001, 22], time: 5 }
    expect(shown(again, { ...again, kind: 'EVENT_FLOW_END' })).toEqual([])
    expect(shown({ ...again, to: '198.51.100.10' })).toHaveLength(1)
  })

  test('waits a moment for the content to say what a port cannot', () => {
    const start: Fields = { ...flow, ports: [40_000, 8443] }
    const payload = p.httpRequest({ host: 'www.example.org' })
    const hello: Fields = { ...start, kind: 'EVENT_MESSAGE', l7: 6, time: 0.1, payload }
    expect(shown(start, hello, { ...start, kind: 'EVENT_FLOW_END', time: 3 }).slice(1)).toEqual([
      `[eth0] HTTP   192.0.2.23 (${maker}) → 198.51.100.9:8443 (GET www.example.org)`,
    ])
  })

  test('names the destination of a flow where it is known, harmlessly', () => {
    expect(shown({ ...flow, to: '198.51.100.77' }).slice(1)).toEqual([
      `[eth0] SSH    192.0.2.23 (${maker}) → 198.51.100.77:22 (evil\\x1b[31m)`,
    ])
  })

  test('does not wait for ever', () => {
    activity.event(event(flow))
    expect(lines).toHaveLength(0)
    activity.tick(micros(0.3))
    expect(lines).toHaveLength(0)
    activity.tick(micros(0.5))
    expect(lines).toHaveLength(1)
  })

  test('shows one line for DNS, ARP, ICMP and IPv6 each', () => {
    shown(flow)
    const ping: Fields = { ...flow, kind: 'EVENT_ICMP', protocol: 1, icmpType: 8 }
    const six: Fields = { ...flow, from: 'fe80::23', to: 'fe80::1', ports: [1, 443] }
    const request = arp(1, mac, '192.0.2.23', '192.0.2.1')
    expect(shown(dns, dns, ping, ping, six, { kind: 'EVENT_ARP', mac, payload: request })).toEqual([
      `[eth0] DNS    192.0.2.23 (${maker}) → 192.0.2.1:53 (example.org\\027[31m A)`,
      `[eth0] ICMP   192.0.2.23 (${maker}) → 198.51.100.9 echo-request`,
      `[eth0] ADDR   fe80::23 is also ${mac} (${maker})`,
      `[eth0] ARP    192.0.2.23 (${maker}) asks for 192.0.2.1`,
      `[eth0] HTTPS  fe80::23 (${maker}) → [fe80::1]:443`,
    ])
  })

  test('does not call a remote host by the maker of the router', () => {
    const inbound: Fields = { ...flow, from: '198.51.100.9', to: '192.0.2.23' }
    expect(shown(inbound)).toEqual(['[eth0] SSH    198.51.100.9 → 192.0.2.23:22'])
  })

  test('takes ports that are made up for each connection as one', () => {
    shown(flow)
    const data = (n: number): Fields => ({ ...flow, ports: [50_000, 49_152 + n] })
    expect(shown(...Array.from({ length: 100 }, (_, n) => data(n)))).toHaveLength(1)
  })

  test('does not drown in a scan, and says what it left out', () => {
    const scan = Array.from(
      { length: 1000 },
      (_, n): Fields => ({ ...flow, ports: [40_000, n + 1] }),
    )
    expect(shown(...scan)).toHaveLength(50)
    expect(activity.leftOut).toBe(951)
    expect(shown({ ...dns, time: 2 })).toEqual([
      '… and 951 more in a second',
      `[eth0] DNS    192.0.2.23 (${maker}) → 192.0.2.1:53 (example.org\\027[31m A)`,
    ])
  })

  test('writes whole lines without anything that steers a terminal', () => {
    shown(flow, dns)
    for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*\n$/u)
  })
})

test('what was seen is bounded; what is not seen again is forgotten first', () => {
  const seen = new Seen(100)
  for (let n = 0; n < 1000; n++) {
    expect(seen.add(n, 1)).toBe(true)
    expect(seen.add(0, 0)).toBe(n === 0)
    expect(seen.size).toBeLessThanOrEqual(100)
  }
  expect(seen.add(999, 1)).toBe(false)
  expect(seen.add(7, 1)).toBe(true)
  const many = new Seen(200_000)
  let collisions = 0
  for (let n = 0; n < 200_000; n++) if (!many.add(0x0a000000 + (n >> 8), n & 255, 6)) collisions++
  expect(collisions).toBe(0)
})
