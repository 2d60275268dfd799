import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openReplay } from '../../../src/capture/replay.ts'
import { eventHandler } from '../../../src/pipeline/events.ts'
import { type ProtocolEvent } from '../../../src/protocols/protocol.ts'
import { Protocols } from '../../../src/protocols/protocols.ts'
import { capture } from '../../capture/support/options.ts'
import { type AttackName, attackNames } from './attacks/index.ts'
import { Office, office, writeOffice } from './office.ts'
import { officeArguments } from './options.ts'
import { HOUR } from './station.ts'

const hasTshark = spawnSync('tshark', ['-v']).status === 0
if (!hasTshark) process.stderr.write('*** tshark is not installed: its tests are SKIPPED ***\n')

let folder = ''
let day = ''
let truth: Awaited<ReturnType<typeof writeOffice>>['truth'] = []
let frames = 0
let quiet: number | undefined
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-office-'))
  day = join(folder, 'day.pcap')
  // Every attack, a few minutes apart; the long ones are cut off by the end of the day.
  const attacks = attackNames.map((name, i) => ({ name, at: (9 + i / 10) * HOUR }))
  ;({ truth, frames } = await writeOffice(day, { days: 1, density: 0.5, attacks }))
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

function hash(options: ConstructorParameters<typeof Office>[0]): string {
  const digest = createHash('sha256')
  for (const chunk of new Office(options).chunks()) digest.update(chunk)
  return digest.digest('hex')
}

describe('the office', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    const one = hash({ days: 0.4, seed: 5 })
    expect(hash({ days: 0.4, seed: 5 })).toBe(one)
    expect(hash({ days: 0.4, seed: 6 })).not.toBe(one)
  }, 60_000)

  test('frames come in the order of time, within the days asked for', () => {
    const made = office({ days: 0.4 })
    let last = made.start
    let count = 0
    for (const { time, bytes, wirelen } of made) {
      if (time < last || wirelen < bytes.length) throw new Error(`wrong at frame ${count}`)
      last = time
      count++
    }
    expect(last).toBeLessThan(made.end)
    expect(count).toBe(made.counts.frames)
    expect(count).toBeGreaterThan(20_000)
  }, 60_000)

  test('an attack adds frames and changes no other', () => {
    const key = (frame: { time: number; bytes: Buffer }) =>
      `${frame.time} ${frame.bytes.toString('latin1')}`
    const options = { days: 0.42, density: 0.5 }
    const quiet = [...office(options)].map(key)
    const attacks = (['vertical-scan', 'beacon', 'dga', 'lateral', 'dns-tunnel'] as const).map(
      name => ({ name, at: 9 * HOUR }),
    )
    const mixed = new Set([...office({ ...options, attacks })].map(key))
    expect(quiet.filter(one => !mixed.has(one)).length).toBe(0)
    expect(mixed.size).toBeGreaterThan(quiet.length + 2000)
  }, 120_000)

  test('more density is more traffic', () => {
    const count = (density: number) => {
      const made = new Office({ days: 0.42, density })
      for (const chunk of made.chunks()) if (chunk.length === 0) throw new Error('an empty chunk')
      return made.counts.frames
    }
    expect(count(3)).toBeGreaterThan(1.2 * count(0.5))
  }, 120_000)
})

describe('the capture', () => {
  test('the sensor decodes all of it and refuses nothing', async () => {
    const source = openReplay({ capture: capture(), files: [day] })
    const kinds = new Map<string, number>()
    const count = (kind: string) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const names = new Set<string>()
    const hellos = new Set<string>()
    const protocols = new Protocols(event => {
      count(event.kind)
      note(event, names, hellos)
    })
    await source.run(
      eventHandler(source.clock, event => {
        if (event.kind !== 'message') count(event.kind)
        protocols.take(event)
      }),
    )
    protocols.close()
    const { kernel, flowsEvicted } = source.counters()
    expect(source.packets).toBe(frames)
    expect(source.skipped).toBe(0)
    expect(kernel).toMatchObject({ malformed: 0, truncated: 0 })
    expect(flowsEvicted).toBe(0)
    const atLeast = {
      ...{ arp: 3000, ndp: 150, dhcp: 80, dns: 10_000, tls: 5000, quic: 200 },
      ...{ http: 500, ssh: 300, flow: 30_000, icmp: 3000 },
    }
    for (const [kind, least] of Object.entries(atLeast)) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(least)
      expect(kinds.get(kind) ?? 0, kind).toBeLessThan(40 * least)
    }
    expect(names.size).toBeGreaterThan(300)
    expect(hellos.size).toBeGreaterThan(10)
  }, 120_000)

  test('it is replayed from memory as from a file', async () => {
    const made = office({ days: 0.05, attacks: [{ name: 'vertical-scan', at: 0 }] })
    const source = openReplay({ capture: capture(), files: [made.stream()] })
    let flows = 0
    const flow = () => {
      flows++
    }
    await source.run({ record: () => undefined, flow })
    expect(source.packets).toBe(made.counts.frames)
    expect(flows).toBeGreaterThan(1000)
  }, 60_000)

  test.skipIf(!hasTshark)(
    'tshark finds nothing malformed and no wrong checksum',
    () => {
      const checks = ['ip', 'tcp', 'udp'].flatMap(name => ['-o', `${name}.check_checksum:TRUE`])
      const wrong = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map(
        name => `${name}.checksum.status == "Bad"`,
      )
      const filter = ['_ws.malformed', ...wrong].join(' || ')
      const args = ['-n', '-r', day, ...checks, '-Y', filter]
      const run = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 26 })
      expect(run.stdout.split('\n').slice(0, 20).join('\n')).toBe('')
      expect(run.status).toBe(0)
    },
    120_000,
  )

  test('every attack says who it is and when', () => {
    expect(truth.map(({ name }) => name)).toEqual(attackNames)
    for (const { start, end, entity, expected, name } of truth) {
      expect(end, name).toBeGreaterThan(start)
      expect(entity.ip, name).toMatch(/^192\.168\.10\.\d+$/)
      expect(entity.mac, name).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      expect(expected, name).not.toBe('')
    }
  })

  test.each(attackNames)('%s puts frames into the capture', name => {
    const days = 0.02
    quiet ??= size({ days })
    expect(size({ days, attacks: [{ name, at: 0 }] })).toBeGreaterThan(quiet)
  })
})

function size(options: { days: number; attacks?: { name: AttackName; at: number }[] }): number {
  const made = new Office(options)
  let count = 0
  for (const chunk of made.chunks()) count += chunk.length
  return count
}

function note(event: ProtocolEvent, names: Set<string>, hellos: Set<string>): void {
  if (event.kind === 'dns') {
    for (const { name } of event.message.questions) names.add(name ?? '')
  }
  const ja4 = event.kind === 'tls' ? event.client?.hello?.ja4 : undefined
  if (ja4 !== undefined) hellos.add(ja4)
}

describe('the command line', () => {
  test('takes attacks by name, several at once, and the hour of their beginning', () => {
    const { options, rest } = officeArguments(
      'out.pcap --days 3 --seed 9 --attack beacon,dga@30.5 --attack doh'.split(' '),
    )
    expect(rest).toEqual(['out.pcap'])
    expect(options).toMatchObject({ days: 3, seed: 9, density: 1 })
    expect(options.attacks).toEqual([
      { name: 'beacon' },
      { name: 'dga', at: 30.5 * HOUR },
      { name: 'doh' },
    ])
    expect(officeArguments(['--attack', 'all']).options.attacks.length).toBe(attackNames.length)
  })

  test.each([
    ['--attack nonsense', /no attack is called `nonsense`; there are: arp-spoof, /],
    ['--days many', /--days `many` is not a number/],
    ['--attack beacon@noon', /`noon` is not a number/],
  ])('refuses %s', (text, message) => {
    expect(() => officeArguments(text.split(' '))).toThrow(message)
  })
})
