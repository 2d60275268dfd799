import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { createLog } from '../../src/operate/log.ts'
import { replayAlerts } from '../../src/pipeline.ts'
import { ecsFaults } from '../alerts/schema.ts'
import { announce, arrive, ask, burnt, made, type Timed } from '../enrich/inventory.ts'
import { pcap, START } from '../generate/pcap.ts'

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
  const stdout = new PassThrough()
  let printed = ''
  stdout.on('data', chunk => {
    printed += String(chunk)
  })
  await replayAlerts({
    config: { ...config, devices: { ...config.devices, learning: 0 } },
    files: [file],
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough(),
    log: createLog({ level: 'silent' }),
    stop: new AbortController().signal,
    learn: 0,
  })
  const documents = printed.split('\n').filter(Boolean)
  return documents
    .map(line => JSON.parse(line))
    .filter(({ event }) => event.dataset === 'orthrus.device')
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
    ['Address Taken from Another Device', '00-00-5E-00-53-66'],
    ['Address Claimed by Two Devices in Turn', '00-00-5E-00-53-01'],
  ])
  expect(found[1]).toMatchObject({
    message: expect.stringMatching(/^New Device on the Network: Annas-Pixel, 192\.0\.2\.21 \(02-/),
    related: { hosts: ['Annas-Pixel'] },
    orthrus: { device: { hostnames: ['Annas-Pixel'], roles: ['phone'] } },
  })
  expect(found[3]).toMatchObject({
    orthrus: { device: { previous: { mac: '00-00-5E-00-53-01' } } },
  })
  expect(found.flatMap(alert => ecsFaults(alert))).toEqual([])
  expect(await alerts(frames)).toEqual(found)
})
