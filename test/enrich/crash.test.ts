import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { openEnvironment } from '../../src/storage/environment.ts'
import { temporaryDirectory } from '../storage/open.ts'

const built = (path: string) => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

/** Sees new and known devices without end; prints the id of each whose alert is on the disk. */
const program = (directory: string, round: number) => `
  const { openEnvironment } = await import(${built('storage/environment.js')})
  const { Journal } = await import(${built('storage/journal.js')})
  const { Devices } = await import(${built('enrich/devices.js')})
  const { emptySighting } = await import(${built('enrich/sighting.js')})
  const { writeSync } = await import('node:fs')
  const environment = await openEnvironment({ directory: ${JSON.stringify(directory)} })
  const ids = []
  const journal = new Journal({
    environment,
    onAppended: sequences => { for (const _ of sequences) writeSync(1, ids.shift() + '\\n') },
    onLost: (_, error) => { throw error },
  })
  const devices = new Devices({
    environment, journal, limit: 1e6, learning: 0, grace: 3, vendor: () => undefined,
    onEvent: ({ action, sourceMac }) => {
      if (action !== 'device-new') return
      ids.push(sourceMac)
      const value = JSON.stringify({ mac: sourceMac, text: 'x'.repeat(800) })
      journal.add({ kind: 'append', table: 'alerts', value })
    },
  })
  writeSync(1, 'open\\n')
  for (let n = 0; ; n++) {
    const low = n % 3 ? ${round} * 65536 + n : Math.max(0, ${round} - 1) * 65536 + (n % 50)
    // Some have a made up MAC or no address, and are held back for a moment.
    const seen = { ...emptySighting(), high: n % 2 ? 94 : 0x020000, low, family: n % 5 ? 4 : 0,
      word0: low, ifindex: 1, time: 1.7e15 + n, evidence: 'arp' }
    devices.sighted(seen)
    const device = devices.get(seen.high, seen.low)
    if (device !== undefined) devices.named(device, 'dhcp', 'name-' + low, seen.time)
    journal.mark()
    if (n % 7 === 0) await new Promise(done => setTimeout(done, 1))
  }`

test('after kill -9, 20 times at any moment, each device has its alert and each alert its device', async () => {
  const directory = temporaryDirectory()
  const promised = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(directory, round)])
    let output = ''
    child.stdout.on('data', chunk => {
      output += String(chunk)
    })
    await once(child.stdout, 'data')
    await new Promise(done => setTimeout(done, (round * 37) % 120))
    child.kill('SIGKILL')
    await once(child, 'close')
    for (const id of output.split('\n').slice(1, -1)) promised.add(id)
  }
  const environment = await openEnvironment({ directory })
  expect(environment.setAside).toBeUndefined()
  const read = (table: 'devices' | 'alerts') =>
    environment.page(table, { limit: 1_000_000 }).map(({ value }) => {
      const { mac } = JSON.parse(String(value)) as { mac: string }
      return mac
    })
  const devices = read('devices')
  const alerts = read('alerts')
  await environment.close()
  expect(new Set(alerts).size).toBe(alerts.length)
  expect(alerts.toSorted()).toEqual(devices.toSorted())
  expect(promised.size).toBeGreaterThan(20)
  const known = new Set(devices)
  expect([...promised].filter(id => !known.has(id))).toEqual([])
}, 60_000)
