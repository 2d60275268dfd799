import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import * as p from '../generate/packets.ts'
import { captured, pcap, START } from '../generate/pcap.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { replayedLines } from './replayed.ts'

const minute = 60_000_000_000n

const telnet = `
title: Telnet
name: telnet
id: 3d5c3a44-6f1e-4c39-9d0f-6a5e4a0f7a01
level: high
logsource: {category: network, service: connection}
taxonomy: ecs
detection:
  selection: {destination.port: 23, event.action: flow-start}
  condition: selection
orthrus:
  suppress: {by: [source.ip], for: 1h}
`
const often = `
title: Telnet Three Times
id: 3d5c3a44-6f1e-4c39-9d0f-6a5e4a0f7a02
level: high
correlation:
  type: event_count
  rules: [telnet]
  group-by: [source.ip]
  timespan: 1h
  condition: {gte: 3}
  generate: true
`

/** A sensor that is started anew for each capture. */
function sensor() {
  const directory = temporaryDirectory()
  const rules = join(directory, 'rules')
  mkdirSync(rules)
  writeFileSync(join(rules, 'telnet.yml'), telnet)
  writeFileSync(join(rules, 'often.yml'), often)
  const { config } = readConfig()
  if (config === undefined) throw new Error('the defaults are wrong')
  let runs = 0
  const run = async (after: bigint, ports: readonly number[]): Promise<string[]> => {
    const file = join(directory, `${runs++}.pcap`)
    const syn = (srcPort: number) =>
      p.ethernet(
        {},
        p.ipv4(
          { src: '10.0.0.5', dst: '198.51.100.1' },
          p.tcp({ srcPort, dstPort: 23, flags: p.SYN }),
        ),
      )
    writeFileSync(file, pcap(captured(ports.map(syn), START + after)))
    const lines = await replayedLines({
      config: { ...config, rules: { ...config.rules, shipped: false, paths: [rules] } },
      files: [file],
      state: join(directory, 'state'),
    })
    return lines.map(line => JSON.parse(line)).map(({ rule, message }) => rule?.name ?? message)
  }
  return { run, state: join(directory, 'state') }
}

describe('a sensor that is started again', () => {
  test('still keeps quiet about what it has told', async () => {
    const { run } = sensor()
    expect(await run(0n, [40_000])).toContain('Telnet')
    expect(await run(10n * minute, [40_001])).not.toContain('Telnet')
    expect(await run(90n * minute, [40_002])).toContain('Telnet')
  }, 60_000)

  test('goes on with the windows that were open', async () => {
    const { run } = sensor()
    expect(await run(0n, [40_000, 40_001])).not.toContain('Telnet Three Times')
    expect(await run(10n * minute, [40_002])).toContain('Telnet Three Times')
  }, 60_000)

  test('tells of devices that it can no longer read', async () => {
    const { run, state } = sensor()
    await run(0n, [40_000])
    const environment = await openEnvironment({ directory: state })
    await environment.commit([{ kind: 'put', table: 'devices', key: '123456', value: 'rubbish' }])
    await environment.close()
    const told = await run(90n * minute, [40_001])
    expect(told).toContainEqual(expect.stringMatching(/^1 records of devices were damaged/))
    expect(await run(91n * minute, [40_002])).not.toContainEqual(
      expect.stringMatching(/records of devices/),
    )
  }, 60_000)
})
