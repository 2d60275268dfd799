import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baselineRequests } from '../../src/baseline/requests.ts'
import { StoredBaselineStore } from '../../src/baseline/stored-store.ts'
import { serveControl } from '../../src/operate/control.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { newDestinationId as id, newDestination, openings } from '../baseline/new-destination.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { orthrus } from './orthrus.ts'

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

let directory = ''
const at = (name: string) => join(directory, name)

function capture(name: string, destinations: readonly string[]): string {
  writeFileSync(at(name), pcap(captured(openings(destinations))))
  return at(name)
}

/** A replay on the state `name` with the rule at `level`; its alerts. */
async function replay(name: string, file: string, level = 'medium', more = '') {
  writeFileSync(at('rule.yml'), newDestination(level))
  writeFileSync(at('orthrus.yaml'), `rules: {shipped: false, paths: [${at('rule.yml')}]}\n${more}`)
  const config = ['-c', at('orthrus.yaml'), '--learn', '0', '--state', at(name)]
  return lines((await orthrus(['replay', ...config, file])).stdout)
}

const baseline = (state: string, ...args: string[]) => {
  const [name = '', ...rest] = args
  return orthrus(['baseline', name, '-c', at('orthrus.yaml'), '--state', at(state), ...rest])
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'orthrus-baseline-'))
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('orthrus baseline', () => {
  test('shows, explains and forgets what a stopped sensor has learned', async () => {
    const file = capture('a.pcap', ['198.51.100.1', '198.51.100.2', '203.0.113.9'])
    const alerts = await replay('state', file)
    expect(alerts.map(one => one.orthrus.baseline.value)).toEqual([
      ['198.51.100.2'],
      ['203.0.113.9'],
    ])
    const list = await baseline('state', 'show', '-o', 'json')
    expect(lines(list.stdout).slice(0, 1)).toMatchObject([
      { rule: id, entities: 1, values: 3, events: 3 },
    ])
    const text = await baseline('state', 'show', '-o', 'text')
    expect(text.stdout).toContain('New Destination')
    const values = await baseline('state', 'show', id, '-o', 'text')
    expect(values.stdout).toMatch(/10\.0\.0\.5 .*\n +198\.51\.100\.1 /)

    const [, last] = alerts
    const why = await baseline('state', 'why', String(last?.event.id).slice(0, 12), '-o', 'text')
    expect(why.stdout).toContain('new value: 10.0.0.5 and 203.0.113.9')
    expect(why.stdout).toContain('0 of 1 known entities had it before')
    expect(why.stdout).toMatch(/most like it are 198\.51\.100\.\d, 198/)
    const json = await baseline('state', 'why', String(last?.event.id), '-o', 'json')
    expect(lines(json.stdout)).toMatchObject([
      { id: last?.event.id, baseline: last?.orthrus.baseline, rule: { id } },
    ])
    expect(await baseline('state', 'why', 'nothing')).toMatchObject({ status: 2 })

    expect(await replay('state', file)).toEqual([])
    const gone = await baseline('state', 'forget', id, '10.0.0.5', '203.0.113.9')
    expect(gone).toMatchObject({ status: 0, stderr: '1 forgotten\n' })
    expect(await baseline('state', 'forget', id, 'nobody')).toMatchObject({ status: 1 })
    const again = await replay('state', file)
    expect(again.map(one => one.orthrus.baseline.value)).toEqual([['203.0.113.9']])
  }, 120_000)

  test('learns nothing of a critical alert until it is approved', async () => {
    const file = capture('b.pcap', ['198.51.100.1', '203.0.113.9'])
    expect(await replay('critical', file, 'critical')).toHaveLength(1)
    expect(await replay('critical', file, 'critical')).toHaveLength(1)
    const held = await baseline('critical', 'show', '--held', '-o', 'json')
    expect(lines(held.stdout)).toMatchObject([
      { id, entity: '10.0.0.5', value: '203.0.113.9', events: 2 },
    ])
    const approved = await baseline('critical', 'approve', id, '10.0.0.5', '203.0.113.9')
    expect(approved.stderr).toBe('1 learned\n')
    expect(await replay('critical', file, 'critical')).toEqual([])
  }, 120_000)

  test('exports the same every time, and merges what others have learned', async () => {
    await replay('one', capture('one.pcap', ['198.51.100.1', '198.51.100.2']))
    await replay('two', capture('two.pcap', ['198.51.100.1', '203.0.113.9']))
    const first = await baseline('one', 'export')
    expect(await baseline('one', 'export')).toEqual(first)
    expect(lines(first.stdout)[0]).toEqual({ format: 'orthrus-baseline', version: 1 })
    writeFileSync(at('one.jsonl'), first.stdout)
    writeFileSync(at('two.jsonl'), (await baseline('two', 'export')).stdout)
    for (const [state, files] of [
      ['here', ['one.jsonl', 'two.jsonl', 'one.jsonl']],
      ['there', ['two.jsonl', 'one.jsonl']],
    ] as const) {
      const { status } = await baseline(state, 'import', ...files.map(at))
      expect(status).toBe(0)
    }
    const [here, there] = [await baseline('here', 'export'), await baseline('there', 'export')]
    expect(here.stdout).toBe(there.stdout)
    expect(lines(here.stdout).filter(({ kind }) => kind === 'value')).toHaveLength(3)
    writeFileSync(at('bad.jsonl'), 'rubbish\n')
    const bad = await baseline('here', 'import', at('bad.jsonl'))
    expect(bad).toMatchObject({ status: 2, stderr: expect.stringContaining('line 1') })
  }, 120_000)

  test.each([true, false])(
    'learns from a capture without an alert; texts kept: %s',
    {
      timeout: 120_000,
    },
    async keeps => {
      const more = `baselines: {keep_values: ${keeps}}\n`
      const state = `learner-${keeps}`
      const file = capture('week.pcap', ['198.51.100.1', '198.51.100.2'])
      await replay(state, capture('begun.pcap', ['192.0.2.1']), 'medium', more)
      const learned = await baseline(state, 'learn', file)
      expect(learned).toMatchObject({ status: 0, stdout: '' })
      expect(await replay(state, file, 'medium', more)).toEqual([])
      const exported = await baseline(state, 'export')
      expect(exported.stdout.includes('198.51.100.2')).toBe(keeps)
    },
  )

  test('asks the sensor that runs, and changes its memory', async () => {
    const state = temporaryDirectory()
    const environment = await openTemporary(state)
    const journal = journalFor(environment)
    const baselines = new StoredBaselineStore({ environment, journal })
    const limits = { entities: 9, valuesPerEntity: 9, overflow: 'freeze' } as const
    const known = baselines.open({ id: 'r', hash: 'h', forgetAfter: 1e15, limits })
    known.observe('m1', 'a', 1e15)
    const parts = { baselines, environment }
    const server = await serveControl(state, {
      version: () => [{}],
      ...Object.fromEntries(
        Object.entries(baselineRequests).map(([name, ask]) => [
          name,
          (args: Readonly<Record<string, unknown>>) => ask(parts, args),
        ]),
      ),
    })
    const running = (...args: string[]) => orthrus(['baseline', ...args, '--state', state])
    const shown = await running('show', '-o', 'json')
    expect(lines(shown.stdout)).toMatchObject([{ rule: 'r', values: 1 }])
    expect((await running('forget', 'r', 'm1')).stderr).toBe('1 forgotten\n')
    expect(known.observe('m1', 'a', 1e15).entity).toBeUndefined()
    await journal.flush()
    await server.close()
  }, 60_000)

  test('says when there is nothing to ask', async () => {
    const { status, stderr } = await orthrus(['baseline', 'show', '--state', at('none')])
    expect(status).toBe(1)
    expect(stderr).toContain('holds no memory')
  })
})

test('an environment that a command has closed is whole', async () => {
  const environment = await openEnvironment({ directory: at('state') })
  expect(environment.setAside).toBeUndefined()
  await environment.close()
})
