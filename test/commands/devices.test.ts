import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readDevices } from '../../src/enrich/device-table.ts'
import { type DeviceQuery, deviceViews } from '../../src/enrich/device-view.ts'
import { serveControl } from '../../src/operate/control.ts'
import { deviceHandlers } from '../../src/pipeline/control-devices.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { announce, arrive, burnt, inventory, made } from '../enrich/inventory.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { orthrus } from './orthrus.ts'

let state = ''

const hostile = '=cmd|\u001b[2J"\u202e'
const frames = [
  ...arrive(0, { mac: made(1), hostname: 'Annas-Pixel', vendor: 'android-dhcp-14' }, '192.0.2.20'),
  ...arrive(100, { mac: burnt(0x12), hostname: hostile }, '192.0.2.12'),
  announce(200, burnt(0x13), '192.0.2.13'),
]

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

const devices = (...args: string[]) => orthrus(['devices', ...args, '--state', state])

/** A stopped sensor's state with four devices, the DHCP server among them. */
beforeEach(async () => {
  state = join(temporaryDirectory(), 'state')
  const environment = await openEnvironment({ directory: state })
  await inventory(frames, { environment })
  await environment.close()
})

describe('orthrus devices', () => {
  test('prints a device a line, with what is known of it', async () => {
    const { status, stdout, stderr } = await devices('-o', 'json')
    expect([status, stderr]).toEqual([0, ''])
    expect(lines(stdout)).toHaveLength(4)
    const { stdout: one } = await devices('pixel', '-o', 'json')
    expect(lines(one)).toMatchObject([
      {
        names: [{ name: 'Annas-Pixel', source: 'dhcp' }],
        addresses: [{ ip: '192.0.2.20' }],
        cards: [{ mac: '02-00-5E-00-00-01', randomised: true }],
        roles: [{ role: 'phone' }],
        first_seen: '2024-01-01T00:00:00.000000Z',
      },
    ])
  })

  test.each<[DeviceQuery, number]>([
    [{ words: ['02:00:5E:00:00:01'] }, 1],
    [{ words: ['192.0.2.'] }, 4],
    [{ words: ['192.0.2.', 'phone'] }, 1],
    [{ words: ['192.0.2.', 'nobody'] }, 0],
    [{ role: 'phone' }, 1],
    [{ role: 'dhcp-server' }, 1],
    [{ tag: 'office' }, 0],
  ])('%j finds %i', async (query, count) => {
    const environment = await openTemporary(state)
    expect([...deviceViews(readDevices(environment).devices, query)]).toHaveLength(count)
  })

  test('as a table, and one device in full, has nothing that steers a terminal', async () => {
    const { stdout } = await devices('-o', 'text')
    expect(stdout).toMatch(/^device +address +mac/)
    expect(stdout).toMatch(/Annas-Pixel +192\.0\.2\.20 +02-00-5E-00-00-01 +randomised MAC +phone/)
    const { stdout: one } = await devices('192.0.2.12', '-o', 'text')
    expect(one).toMatch(/^device +[0-9a-f]{16}\nnames +=cmd\|/)
    for (const sign of ['\u001b', '\u202e']) expect(stdout + one).not.toContain(sign)
  })

  test('as CSV has a header, quotes, and no formula', async () => {
    const { stdout } = await devices('-o', 'csv')
    const [head, ...rows] = stdout.trimEnd().split('\r\n')
    expect(head).toMatch(/^id,name,addresses,macs,/)
    expect(rows).toHaveLength(4)
    expect(rows.filter(row => row.includes(`,"'=cmd|`))).toHaveLength(1)
    expect(stdout).not.toContain('\u001b')
  })

  test('gives tags and notes, and takes them', async () => {
    expect(await devices('tag', '192.0.2.13', 'office', 'alarm')).toMatchObject({ status: 0 })
    expect(await devices('note', '192.0.2.13', 'in the cellar')).toMatchObject({ status: 0 })
    const { stdout } = await devices('--tag', 'office', '-o', 'json')
    expect(lines(stdout)).toMatchObject([{ tags: ['office', 'alarm'], note: 'in the cellar' }])
    await devices('untag', '192.0.2.13', 'office')
    await devices('note', '192.0.2.13', '')
    const [after] = lines((await devices('--tag', 'alarm', '-o', 'json')).stdout)
    expect(after.tags).toEqual(['alarm'])
    expect(after.note).toBeUndefined()
  })

  test.each([
    [['tag', '198.51.100.9', 'x'], 'no device is called `198.51.100.9`'],
    [['tag', '192.0.2.13', 'two words'], '`two words` is no tag'],
  ])('%j is a mistake that it explains', async (args, text) => {
    const { status, stderr } = await devices(...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(text)])
  })

  test('makes no memory where there is none', async () => {
    const { status, stderr } = await orthrus(['devices', '--state', join(state, 'nowhere')])
    expect([status, stderr]).toEqual([1, expect.stringContaining('holds no memory')])
  })
})

describe('of a sensor that runs', () => {
  test('are read and written through its socket', async () => {
    const directory = temporaryDirectory()
    const environment = await openTemporary(directory)
    const running = await inventory(frames, { environment })
    const server = await serveControl(directory, deviceHandlers(running.devices))
    onTestFinished(() => server.close())
    const ask = (...args: string[]) => orthrus(['devices', ...args, '--state', directory])
    expect(lines((await ask('-o', 'json')).stdout)).toHaveLength(4)
    expect(await ask('tag', '192.0.2.20', 'alarm')).toMatchObject({ status: 0, stderr: '' })
    expect(lines((await ask('--tag', 'alarm', '-o', 'json')).stdout)).toMatchObject([
      { addresses: [{ ip: '192.0.2.20' }] },
    ])
    const wrong = await ask('tag', 'nobody', 'x')
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('no device is called'),
    ])
  })
})
