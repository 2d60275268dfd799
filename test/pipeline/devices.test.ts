import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { ecsFaults } from '../alerts/schema.ts'
import { announce, arrive, ask, burnt, made, type Timed } from '../enrich/inventory.ts'
import * as p from '../generate/packets.ts'
import { pcap, START } from '../generate/pcap.ts'
import { replayedLines } from './replayed.ts'

const day = 86_400
const phone = (n: number) => ({
  mac: made(n),
  hostname: 'Annas-Pixel',
  vendor: 'android-dhcp-14',
  parameters: [1, 3, 6, 15, 26, 28],
})

/** Alerts of the shipped rules about devices, from a capture of these frames. */
async function alerts(frames: readonly Timed[]): Promise<Record<string, never>[]> {
  const { config } = readConfig()
  if (config === undefined) throw new Error('the defaults are wrong')
  const file = join(mkdtempSync(join(tmpdir(), 'orthrus-capture-')), 'link.pcap')
  const packets = frames.map(([at, bytes]) => ({
    time: START + BigInt(Math.round(at * 1e6)) * 1000n,
    bytes,
  }))
  writeFileSync(file, pcap(packets))
  const lines = await replayedLines({
    config: { ...config, devices: { ...config.devices, learning: 0 } },
    files: [file],
  })
  return lines
    .map(line => JSON.parse(line))
    .filter(({ event }) => /^orthrus\.(device|signal)$/.test(event.dataset))
}

test('a phone that makes up its MAC is one alert; who takes the address of the router is another', async () => {
  const frames = [
    ask(0, burnt(1), '192.0.2.1', '192.0.2.9'),
    ...[1, 2, 3, 4].flatMap(n => arrive(n * day, phone(n), `192.0.2.${20 + n}`)),
    ask(4 * day + 60, burnt(1), '192.0.2.1', '192.0.2.9'),
    announce(4 * day + 100, burnt(0x66), '192.0.2.1'),
    announce(4 * day + 110, burnt(1), '192.0.2.1'),
    announce(4 * day + 120, burnt(0x66), '192.0.2.1'),
  ]
  const found = await alerts(frames)
  expect(found.map(({ rule, source }) => [rule?.['name'], source?.['mac']])).toEqual([
    ['New Device on the Network', '00-00-5E-00-53-01'],
    ['New Device on the Network', '02-00-5E-00-00-01'],
    ['New Device on the Network', '00-00-5E-00-53-66'],
    ['ARP Spoofing', '00-00-5E-00-53-66'],
  ])
  expect(found[1]).toMatchObject({
    message: expect.stringMatching(/^New Device on the Network: Annas-Pixel, 192\.0\.2\.21 \(02-/),
    related: { hosts: ['Annas-Pixel'] },
    orthrus: { device: { hostnames: ['Annas-Pixel'], roles: ['phone'] } },
  })
  expect(found[3]).toMatchObject({
    orthrus: { signal: { evidence: { owner: '00-00-5E-00-53-01', gateway: true } } },
  })
  expect(found.flatMap(alert => ecsFaults(alert))).toEqual([])
  expect(await alerts(frames)).toEqual(found)
})

test('made-up cards by the hundred that only ask for an address are one alert, beside the first of them', async () => {
  const discover = (n: number): Timed => {
    const low = (256 + n).toString(16).padStart(4, '0')
    const mac = `02:00:5e:01:${low.slice(0, 2)}:${low.slice(2)}`
    const message = p.dhcp({ type: p.DHCP_DISCOVER, clientMac: mac, xid: n })
    const packet = p.udp({ srcPort: 68, dstPort: 67 }, message)
    const ends = { src: '0.0.0.0', dst: '255.255.255.255' }
    return [100 + n / 10, p.ethernet({ src: mac, dst: 'ff:ff:ff:ff:ff:ff' }, p.ipv4(ends, packet))]
  }
  const flood = Array.from({ length: 300 }, (_, n) => discover(n))
  const found = await alerts([...flood, ...arrive(125, phone(1), '192.0.2.21')])
  const titles = found.map(({ rule }) => String(rule?.['name']))
  const count = (title: string) => titles.filter(one => one === title).length
  expect(count('DHCP Starvation')).toBe(1)
  // The first ten, and as ever who has an address: the server, and the phone in the midst of it.
  expect(count('New Device on the Network')).toBe(12)
  expect(found.some(({ message }) => String(message).includes('Annas-Pixel'))).toBe(true)
})
