import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { openEnvironment } from '../../src/storage/environment.ts'
import { temporaryDirectory } from '../storage/open.ts'

const built = (path: string) => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

/** Sees new and known devices without end; prints the id of each whose alert is on the disk. */
const program = (directory: string, round: number) => `
  const { openEnvironment } = await import(${built('storage/environment.js')})
  const { Devices } = await import(${built('enrich/devices.js')})
  const { writeSync } = await import('node:fs')
  const environment = await openEnvironment({ directory: ${JSON.stringify(directory)} })
  const ids = []
  const devices = new Devices({
    environment, limit: 1e6, learning: 0, vendor: () => undefined,
    alert: event => JSON.stringify({ id: event.deviceId, text: 'x'.repeat(800) }),
    onEvent: event => ids.push(event.deviceId),
    onAlert: () => writeSync(1, ids.shift() + '\\n'),
  })
  writeSync(1, 'open\\n')
  for (let n = 0; ; n++) {
    const low = n % 3 ? ${round} * 65536 + n : Math.max(0, ${round} - 1) * 65536 + (n % 50)
    devices.sighted({ high: 94, low, family: 4, word0: low, word1: 0, word2: 0, word3: 0,
      ifindex: 1, vlan: 0, time: 1.7e15 + n, evidence: 'arp' })
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
      const { id } = JSON.parse(String(value)) as { id: string }
      return id
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
