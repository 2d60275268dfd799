import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { dnsQuery, ethernet, ipv4, udp } from '../generate/packets.ts'
import { Lab, peerMac, sensorMac } from './support/lab.ts'
import { type Json, type SensorProcess } from './support/sensor.ts'

const reloads = 50
const queriesAReload = 40
const queries = reloads * queriesAReload

/** One alert for every query; and one when all of them have been counted, over all reloads. */
const rules = `
title: Every Query
id: 7b1f0a52-92cc-4b4e-9a0b-9b8b5a0f7a01
level: low
taxonomy: ecs
logsource: {category: network, service: dns}
detection:
  selection: {dns.question.name|endswith: .load.test, dns.type: query}
  condition: selection
orthrus.suppress: {for: 0}
---
title: Counted Query
name: counted
id: 7b1f0a52-92cc-4b4e-9a0b-9b8b5a0f7a02
level: low
taxonomy: ecs
logsource: {category: network, service: dns}
detection:
  selection: {dns.question.name|endswith: .load.test, dns.type: query}
  condition: selection
---
title: All Queries
id: 7b1f0a52-92cc-4b4e-9a0b-9b8b5a0f7a03
level: high
taxonomy: ecs
correlation:
  type: event_count
  rules: [counted]
  group-by: [source.ip]
  timespan: 1d
  condition: {gte: ${queries}}
orthrus.suppress: {for: 0}
`

/** A rule that is another one after each reload; every tenth time it cannot be read. */
const changing = (turn: number) => `
title: Changing
id: 7b1f0a52-92cc-4b4e-9a0b-9b8b5a0f7a04
taxonomy: ecs
logsource: {category: network, service: dns}
detection:
  selection: {dns.question.name${turn % 10 === 9 ? '|ends' : ''}: never-${turn}.test}
  condition: selection
`

interface RuleAlert extends Json {
  readonly rule: { readonly name: string }
  readonly dns: { readonly question: { readonly name: string } }
}

describe.skipIf(!isRoot)('reload under load', () => {
  let lab: Lab

  beforeEach(() => {
    lab = new Lab()
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  function ask(number: number): void {
    const query = dnsQuery(`q${number}.load.test`, 'A', number)
    const layer = udp({ srcPort: 10_000 + number, dstPort: 53 }, query)
    const packet = ipv4({ src: '192.0.2.2', dst: '192.0.2.1' }, layer)
    lab.frame(ethernet({ src: peerMac, dst: sensorMac }, packet))
  }

  /** As editors do: the file is never half written. */
  function change(turn: number): void {
    writeFileSync(lab.path('next'), changing(turn))
    renameSync(lab.path('next'), lab.path('rules/changing.yml'))
  }

  function start(): Promise<SensorProcess> {
    mkdirSync(lab.path('rules'))
    writeFileSync(lab.path('rules/load.yml'), rules)
    change(0)
    // On a busy machine it takes long enough for updates of conversations, which no figure counts apart.
    const capture = 'capture: {flow: {update_interval: 1h}}'
    writeFileSync(lab.path('c.yaml'), `${capture}\nrules: {paths: ['${lab.path('rules')}']}\n`)
    return lab.run(['-c', lab.path('c.yaml'), '-i', 'w0', '--learn', '0', '--state', lab.path('s')])
  }

  const alertsOf = ({ documents }: SensorProcess, name: string) =>
    (documents as RuleAlert[]).filter(one => one.rule?.name === name)

  const count = ({ stderr }: SensorProcess, text: string) => stderr.split(text).length - 1

  test(`${reloads} reloads amid traffic: each event is evaluated once, windows go on`, {
    timeout: 240_000,
  }, async () => {
    const sensor = await start()
    const done = () => count(sensor, 'rules read anew') + count(sensor, 'rules stay as they were')
    for (let turn = 0; turn < reloads; turn++) {
      const before = done()
      change(turn)
      sensor.process.kill('SIGHUP')
      for (let index = 0; index < queriesAReload; index++) {
        ask(turn * queriesAReload + index)
        if (index % 8 === 7) await sleep(1)
      }
      await sensor.until(() => done() > before, `no reload ${turn}`)
    }
    await sensor.until(
      () => alertsOf(sensor, 'Every Query').length >= queries,
      'not every query has an alert',
    )
    expect(await sensor.end()).toBe(0)
    expect(count(sensor, 'rules read anew')).toBeGreaterThanOrEqual(reloads * 0.9)
    expect(count(sensor, 'rules stay as they were')).toBeGreaterThanOrEqual(reloads * 0.1)

    const asked = alertsOf(sensor, 'Every Query').map(({ dns }) => dns.question.name)
    const wanted = Array.from({ length: queries }, (_, index) => `q${index}.load.test`)
    expect(asked).toEqual(wanted)
    const { events, records, flows } = sensor.summary.orthrus.sensor
    expect(events['message']).toBe(queries)
    // All that the kernel told was decoded, and only that.
    const decoded = Object.values(events).reduce((sum, one) => sum + one, 0)
    expect(decoded + flows.started + flows.ended).toBe(records)
    // It would have fired late, or never, had one reload forgotten what was counted before.
    const [all, ...more] = alertsOf(sensor, 'All Queries').map(({ dns }) => dns.question.name)
    expect([all, more]).toEqual([wanted.at(-1), []])
  })
})
