import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StoredBaselineStore } from '../../src/baseline/stored-store.ts'
import { entryHead } from '../../src/outbox/entry.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { newDestination, openings } from '../baseline/new-destination.ts'
import { captured, pcap, START } from '../generate/pcap.ts'
import { journalFor } from '../storage/journal.ts'
import { temporaryDirectory } from '../storage/open.ts'

const rounds = Number(process.env['KILL_ROUNDS'] ?? 4)
const flows = 6_000

const rule = newDestination('medium', [
  'on-new-entity: alert',
  'forget-after: 3650d',
  'limits: {values-per-entity: 100000}',
])

/** Connections of one host to as many others, of their own in each round. */
function capture(round: number): Buffer {
  const destinations = Array.from({ length: flows }, (_, index) => destination(round, index))
  const frames = openings(destinations, filler)
  // 20 s apart, so that within hours pages are written and the records that they replace removed.
  return pcap(captured(frames, START + BigInt(round) * 864_000_000_000_000n, 20_000_000_000n))
}

/** A replay reads 2 MiB at a time, and these are to be many times. */
const filler = 1400
const destination = (round: number, index: number) =>
  `198.${18 + round}.${index >> 8}.${index & 255}`

/** What the child prints until it is killed, at a random moment after its first alert of this round. */
async function killed(child: ChildProcess, round: number): Promise<string> {
  let text = ''
  const closed = once(child, 'close')
  await new Promise<void>(resolve => {
    child.stdout?.on('data', data => {
      text += String(data)
      if (text.includes(`"198.${18 + round}.`)) resolve()
    })
    child.on('close', () => resolve())
  })
  await sleep(Math.random() * 150)
  child.kill('SIGKILL')
  await closed
  return text
}

/** Values that a printed alert is about. */
const toldValue = (line: string): string[] => {
  const { orthrus } = JSON.parse(line)
  return orthrus?.baseline?.value ?? []
}

function queued(environment: Environment): string[] {
  return environment.page('alerts', { limit: 1_000_000 }).flatMap(({ value }) => {
    expect(value).toBeDefined()
    return value === undefined ? [] : toldValue(value.toString('utf8', entryHead(value).length))
  })
}

async function learned(environment: Environment): Promise<string[]> {
  const journal = journalFor(environment)
  const store = new StoredBaselineStore({ environment, journal })
  const records = [...store.export()]
  expect(store.damaged).toBe(0)
  await journal.flush()
  return records.flatMap(record => (record.kind === 'value' ? [record.value] : []))
}

test(`no value without its alert, no alert without its value: ${rounds} times kill -9`, async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'new.yml'), rule)
  const config = join(directory, 'orthrus.yaml')
  writeFileSync(config, `rules: {shipped: false, paths: [${directory}/new.yml]}\n`)
  let printed = new Set<string>()
  let cut = 0
  for (let round = 0; round < rounds; round++) {
    // Every other round begins with what the last one left.
    const state = join(directory, `state-${round >> 1}`)
    if (round % 2 === 0) printed = new Set()
    const file = join(directory, `${round}.pcap`)
    writeFileSync(file, capture(round))
    const args = ['replay', '-c', config, '--learn', '0', '--state', state, file]
    const child = spawn(resolve('bin/orthrus'), args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const text = await killed(child, round)
    // The last line may be cut: then it was not acknowledged, and is still in the queue.
    for (const line of text.split('\n').slice(0, -1)) {
      for (const value of toldValue(line)) printed.add(value)
    }
    const environment = await openEnvironment({ directory: state })
    expect(environment.setAside).toBeUndefined()
    const known = await learned(environment)
    const told = new Set([...printed, ...queued(environment)])
    await environment.close()
    expect(known.toSorted()).toEqual([...told].toSorted())
    expect(new Set(known).size).toBe(known.length)
    if (known.length % flows !== 0) cut++
  }
  // It was hit while it learned.
  expect(cut).toBeGreaterThan(0)
}, 600_000)
