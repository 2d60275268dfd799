import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { type Config } from '../../src/config/schema.ts'
import { ecsFaults } from '../alerts/schema.ts'
import * as p from '../generate/packets.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { replayedLines } from './replayed.ts'

const rule = `
title: Telnet to the Outside
id: 3d5c3a44-6f1e-4c39-9d0f-6a5e4a0f7a01
status: test
level: high
tags: [attack.lateral-movement, attack.t1021]
logsource: {category: network, service: connection}
taxonomy: ecs
detection:
  selection: {destination.port: 23, network.direction: outbound, event.action: flow-start}
  condition: selection
orthrus:
  suppress: {by: [source.ip], for: 1h}
`

function config(text: string): Config {
  const { config: defaults } = readConfig()
  if (defaults === undefined) throw new Error('the defaults are wrong')
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-rules-'))
  writeFileSync(join(folder, 'telnet.yml'), text)
  return { ...defaults, rules: { ...defaults.rules, shipped: false, paths: [folder] } }
}

/** Alerts of a capture in which one host opens telnet connections to two others. */
async function alerts(text: string): Promise<Record<string, never>[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'orthrus-capture-')), 'telnet.pcap')
  const syn = (dst: string, srcPort: number) =>
    p.ethernet({}, p.ipv4({ src: '10.0.0.5', dst }, p.tcp({ srcPort, dstPort: 23, flags: p.SYN })))
  writeFileSync(file, pcap(captured([syn('198.51.100.1', 40_000), syn('198.51.100.2', 40_001)])))
  const lines = await replayedLines({
    config: config(text),
    files: [file],
  })
  return lines.map(line => JSON.parse(line)).filter(({ rule: its }) => its.id.startsWith('3d5c'))
}

describe('rules in a replay', () => {
  test('make one ECS alert for each source and hour', async () => {
    const [alert, ...more] = await alerts(rule)
    expect(more).toEqual([])
    expect(alert).toMatchObject({
      message: 'Telnet to the Outside: 10.0.0.5 → 198.51.100.1:23',
      event: { kind: 'alert', dataset: 'orthrus.flow', severity: 73 },
      rule: { name: 'Telnet to the Outside', ruleset: 'orthrus' },
      threat: { tactic: { id: ['TA0008'] }, technique: { id: ['T1021'] } },
      source: { ip: '10.0.0.5' },
      destination: { ip: '198.51.100.1', port: 23 },
      network: { direction: 'outbound' },
    })
    expect(ecsFaults(alert ?? {})).toEqual([])
  })

  test('give the same alerts with the same ids every time', async () => {
    const loud = rule.replace('for: 1h', 'for: 0')
    const [first, second] = [await alerts(loud), await alerts(loud)]
    expect(first).toHaveLength(2)
    expect(second).toEqual(first)
  })

  test('of level informational are not alerts', async () => {
    expect(await alerts(rule.replace('level: high', 'level: informational'))).toEqual([])
  })

  test('that are wrong do not keep the others from running', async () => {
    const wrong = `${rule}---\ntitle: Wrong\nlogsource: {category: network}\ndetection: {condition: nothing}\n`
    expect(await alerts(wrong)).toHaveLength(1)
  })
})
