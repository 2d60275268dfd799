import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryBaselineStore } from '../../src/baseline/memory-store.ts'
import { placeKey } from '../../src/baseline/place.ts'
import { type BaselineKey, type BaselineStore, type Sighting } from '../../src/baseline/store.ts'
import { StoredBaselineStore } from '../../src/baseline/stored-store.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { Journal } from '../../src/storage/journal.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { baselineContract } from './contract.ts'

const minute = 60e6
const hour = 60 * minute
const day = 24 * hour

const key: BaselineKey = {
  id: 'r',
  hash: 'h',
  forgetAfter: 30 * day,
  limits: { entities: 100, valuesPerEntity: 100, overflow: 'freeze' },
}

function storeIn(environment: Environment, options: { limit?: number; clear?: boolean } = {}) {
  return new StoredBaselineStore({ environment, journal: writtenJournal(environment), ...options })
}

/** A journal whose last changes are written before its environment closes. */
function writtenJournal(environment: Environment) {
  const journal = journalFor(environment)
  onTestFinished(() => journal.flush())
  return journal
}

baselineContract('LMDB', async () => storeIn(await openTemporary()))

/** The same choice of numbers in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

/** A stream of sightings with floods, pauses and late ones; `at` is told each, `between` at times. */
async function stream(
  seed: number,
  store: () => BaselineStore,
  rule: BaselineKey,
  between: (step: number) => Promise<void> = async () => undefined,
): Promise<Sighting[]> {
  const roll = dice(seed)
  const told: Sighting[] = []
  let time = 0
  for (let step = 0; step < 4000; step++) {
    time += roll(50) === 0 ? roll(20) * day : roll(hour)
    await between(step)
    store().advance(time)
    const entity = `m${roll(12)}`
    const value = roll(40) === 0 ? undefined : `value ${roll(30)}${roll(2) ? '' : ' é\u0142'}`
    if (roll(60) === 0) store().forget(rule.id, entity, roll(2) ? value : undefined)
    const late = roll(30) === 0 ? roll(day) : 0
    const sighting = store()
      .open(rule)
      .observe(entity, value, time - late)
    told.push(structuredClone(sighting))
    if (roll(500) === 0) store().open(rule).hold(entity, value)
    if (roll(500) === 0) store().approve(rule.id, entity)
  }
  return told
}

const small = { entities: 8, valuesPerEntity: 12 }

describe('LMDB against memory', () => {
  test.each([
    { name: 'frozen', limits: { ...small, overflow: 'freeze' as const } },
    { name: 'evicting', limits: { ...small, overflow: 'evict-oldest' as const } },
    { name: 'roomy', limits: key.limits },
  ])('says the same of a stream of 4,000 sightings, $name', async ({ name, limits }) => {
    const rule = { ...key, limits, forgetAfter: 100_000 * day }
    const stored = storeIn(await openTemporary())
    const memory = new MemoryBaselineStore()
    const told = await stream(7, () => stored, rule)
    expect(told).toEqual(await stream(7, () => memory, rule))
    expect(told.filter(({ pair }) => pair !== undefined).length).toBeGreaterThan(100)
    expect(told.some(({ refused }) => refused)).toBe(name === 'frozen')
  })

  test('and forgets the same, though it looks for what is old at other times', async () => {
    const stored = storeIn(await openTemporary())
    const memory = new MemoryBaselineStore()
    const own = ({ pair, entity }: Sighting) => [pair, entity?.firstSeen, entity?.events]
    const told = (await stream(7, () => stored, key)).map(own)
    expect(told).toEqual((await stream(7, () => memory, key)).map(own))
    expect(told.filter(([pair]) => pair !== undefined).length).toBeGreaterThan(500)
  })

  test('and goes on from a restart as if there had been none', async () => {
    const directory = temporaryDirectory()
    let environment = await openEnvironment({ directory })
    let stored = storeIn(environment)
    const memory = new MemoryBaselineStore()
    let restarts = 0
    const limits = { ...small, overflow: 'freeze' as const }
    const rule = { ...key, limits, forgetAfter: 100_000 * day }
    const parsed = (told: Sighting) =>
      JSON.parse(JSON.stringify(told), (name, value) => (name === 'observed' ? 0 : value))
    const told = await stream(
      11,
      () => stored,
      rule,
      async step => {
        if (step % 400 !== 399) return
        await stored.flush()
        await environment.close()
        environment = await openEnvironment({ directory })
        stored = storeIn(environment)
        restarts++
      },
    )
    // While it did not run, it did not watch: only that differs.
    const expected = await stream(11, () => memory, rule)
    expect(told.map(parsed)).toEqual(expected.map(parsed))
    expect(restarts).toBe(10)
    expect(stored.damaged).toBe(0)
    await environment.close()
  })
})

describe('LMDB baselines', () => {
  test('a killed sensor knows every pair that its journal wrote, without a last flush', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const journal = journalFor(first)
    const store = new StoredBaselineStore({ environment: first, journal })
    for (let n = 0; n < 5000; n++) store.open({ ...key, limits: wide }).observe('m1', `v${n}`, n)
    await journal.flush()
    await first.close()
    const again = storeIn(await openTemporary(directory)).open({ ...key, limits: wide })
    for (const n of [0, 1, 2048, 4999]) {
      expect(again.observe('m1', `v${n}`, 6000).pair).toMatchObject({ firstSeen: n, events: 1 })
    }
    expect(again.observe('m1', 'new', 6000)).toMatchObject({
      pair: undefined,
      total: { firstSeen: 0, values: 5000 },
    })
  })

  test('what changed is written within an hour, in pages that take the place of records', async () => {
    const environment = await openTemporary()
    const journal = writtenJournal(environment)
    const store = new StoredBaselineStore({ environment, journal })
    const baseline = store.open({ ...key, limits: wide })
    for (let n = 0; n < 3000; n++) baseline.observe('m1', `v${n}`, 0)
    await journal.flush()
    const count = () => environment.scan('baselines', { limit: 100_000 }, 0).length
    const before = count()
    expect(before).toBeGreaterThan(9000)
    for (let at = 0; at <= 2 * hour; at += 1e6) {
      store.advance(at)
      if (at % (100 * 1e6) === 0) await journal.flush()
    }
    await journal.flush()
    // Pages of 127 pairs and values, one of the entity, 3,001 texts and the heads.
    const pages = 2 * Math.ceil(3000 / 127) + 1
    expect(count()).toBe(pages + 3001 + 2)
    expect(before - count()).toBe(6001 - pages)
  })

  test('the limit of the store holds for all rules together', async () => {
    const store = storeIn(await openTemporary(), { limit: 3 })
    const one = store.open(key)
    const other = store.open({ ...key, id: 'other' })
    for (const value of ['a', 'b']) expect(one.observe('m1', value, 0).refused).toBe(false)
    expect(other.observe('m1', 'a', 0).refused).toBe(false)
    expect(other.observe('m1', 'b', 0).refused).toBe(true)
    expect(store.values).toBe(3)
    store.forget('r', 'm1', 'a')
    expect(other.observe('m1', 'b', 0).refused).toBe(false)
  })

  test('a rule that is changed back goes on where it was', async () => {
    const store = storeIn(await openTemporary())
    store.open(key).observe('m1', 'a', 0)
    expect(store.open({ ...key, hash: 'x' }).observe('m1', 'a', 1).pair).toBeUndefined()
    expect(store.open(key).observe('m1', 'a', 2).pair).toMatchObject({ events: 1 })
  })

  test('a baseline that no rule asks for is removed after the time it remembers things', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const old = storeIn(first)
    old.open(key).observe('m1', 'a', 0)
    await old.flush()
    await first.close()
    const environment = await openTemporary(directory)
    const journal = writtenJournal(environment)
    const store = new StoredBaselineStore({ environment, journal })
    store.open({ ...key, hash: 'x' }).observe('m1', 'a', 29 * day)
    store.advance(29 * day)
    await journal.flush()
    expect([...store.export()].filter(({ kind }) => kind === 'baseline')).toHaveLength(2)
    const later = new StoredBaselineStore({ environment, journal })
    later.open({ ...key, hash: 'x' }).observe('m1', 'a', 31 * day)
    for (let at = 0; at < 200; at++) {
      later.advance(31 * day + at * 1e6)
      await journal.flush()
    }
    expect([...later.export()].filter(({ kind }) => kind === 'baseline')).toHaveLength(1)
    const rest = environment.scan('baselines', { limit: 100 }, 0)
    expect(rest.filter(({ key: bytes }) => bytes.readUInt32BE(0) === 1)).toHaveLength(0)
  })

  test('without texts it knows all the same, and names what it knows by its hash', async () => {
    const store = storeIn(await openTemporary(), { clear: false })
    const baseline = store.open(key)
    baseline.observe('m1', 'a', 0)
    expect(baseline.observe('m1', 'a', 1).pair).toMatchObject({ events: 1 })
    expect(baseline.nearest('m1', 'b', 3)).toEqual([])
    const names = [...store.export()].flatMap(one => (one.kind === 'value' ? [one.value] : []))
    expect(names).toEqual([expect.stringMatching(/^\0[0-9a-f]{16}$/)])
  })

  test('without texts an export is taken back where it was made, and nowhere else', async () => {
    const store = storeIn(await openTemporary(), { clear: false })
    for (let n = 0; n < 6; n++) store.open(key).observe(`m${n % 2}`, `v${n % 3}`, n)
    const exported = [...store.export()]
    for (const entity of ['m0', 'm1']) store.forget('r', entity)
    expect(store.import(exported)).toBe(0)
    expect(store.import(exported)).toBe(0)
    expect([...store.export()]).toEqual(exported)
    expect(store.open(key).observe('m1', 'v0', 9)).toMatchObject({
      pair: { firstSeen: 3, lastSeen: 3, events: 1 },
      entity: { values: 3 },
      value: { entities: 2 },
    })
    const other = storeIn(await openTemporary(), { clear: false })
    expect(other.import(exported)).toBe(exported.length - 1)
    expect(other.open(key).observe('m1', 'v0', 9).entity).toBeUndefined()
  })

  test('texts that come from elsewhere are not kept where none are to be', async () => {
    const told = storeIn(await openTemporary())
    told.open(key).observe('m1', 'v1', 1)
    const store = storeIn(await openTemporary(), { clear: false })
    expect(store.import(told.export())).toBe(0)
    expect(JSON.stringify([...store.export()])).not.toContain('v1')
    expect(store.open(key).observe('m1', 'v1', 2).pair).toBeDefined()
  })

  test('a text of the network that looks like the name of a hash is a text', async () => {
    const store = storeIn(await openTemporary())
    const baseline = store.open(key)
    baseline.observe('m1', 'v1', 1)
    const name = `\0${'0'.repeat(16)}`
    baseline.observe(name, 'v1', 2)
    const entities = [...store.export()].flatMap(one => (one.kind === 'entity' ? one.entity : []))
    expect(entities).toHaveLength(2)
    expect(entities).not.toContain(name)
  })

  test('a change that could not be written is forgotten: it is new again', async () => {
    const environment = await openTemporary()
    const operations: Parameters<StoredBaselineStore['lost']>[0][number][] = []
    const store = new StoredBaselineStore({
      environment,
      journal: {
        add: operation => operations.push(operation),
        settled: async () => undefined,
        flush: async () => undefined,
        waiting: 0,
      },
    })
    const baseline = store.open(key)
    baseline.observe('m1', 'a', 0)
    operations.length = 0
    baseline.observe('m1', 'b', 1)
    store.lost([...operations])
    expect(baseline.observe('m1', 'a', 2).pair).toBeDefined()
    expect(baseline.observe('m1', 'b', 2)).toMatchObject({ pair: undefined, value: undefined })
  })

  test('a key that was damaged makes no room for what cannot be there', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const store = storeIn(first)
    for (let n = 0; n < 50; n++) store.open(key).observe(`m${n % 5}`, `v${n}`, n)
    await store.flush()
    const value = Buffer.alloc(32, 1)
    for (const sort of ['page', 'record'] as const) {
      const far = placeKey(1, sort, 'pairs', 0xfffffff0)
      await first.commit([{ kind: 'put', table: 'baselines', key: far, value }])
    }
    await first.close()
    const again = storeIn(await openTemporary(directory))
    expect(again.open(key).observe('m1', 'v1', 99).pair).toMatchObject({ firstSeen: 1 })
    expect(again.damaged).toBeGreaterThan(1)
  })

  test('a baseline that is not read yet counts: the store is full at the same value', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const store = storeIn(first, { limit: 40 })
    for (let n = 0; n < 38; n++) store.open({ ...key, id: 'one' }).observe('m', `v${n}`, n)
    await store.flush()
    await first.close()
    const again = storeIn(await openTemporary(directory), { limit: 40 })
    again.open({ ...key, id: 'one' })
    const other = again.open({ ...key, id: 'two' })
    const refused = [1, 2, 3].map(n => other.observe('m', `v${n}`, n).refused)
    expect(refused).toEqual([false, false, true])
  })

  test('damage costs what it hit and nothing else', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const store = storeIn(first)
    for (const id of ['one', 'two']) {
      for (let n = 0; n < 50; n++) store.open({ ...key, id }).observe(`m${n % 5}`, `v${n}`, n)
    }
    await store.flush()
    // A page of the first rule's values is what another version might have written.
    const pages = first.scan('baselines', { limit: 1000 }, 0)
    const page = pages.find(one => one.key[3] === 1 && one.key[4] === 2 && one.key[5] === 2)
    await first.commit([
      { kind: 'put', table: 'baselines', key: page?.key ?? '', value: Buffer.alloc(77) },
    ])
    await first.close()
    const again = storeIn(await openTemporary(directory))
    const hit = again.open({ ...key, id: 'one' })
    expect(hit.observe('m1', 'v1', 99)).toMatchObject({ pair: undefined, entity: { events: 10 } })
    expect(hit.observe('m1', 'v1', 100).pair).toMatchObject({ firstSeen: 99 })
    const other = again.open({ ...key, id: 'two' })
    expect(other.observe('m1', 'v1', 99).pair).toMatchObject({ firstSeen: 1 })
    expect(again.damaged).toBeGreaterThan(0)
  })
})

const damageRounds = Number(process.env['DAMAGE_ROUNDS'] ?? 10)

test(`damage of the file never stops a start: ${damageRounds} files with bytes changed`, async () => {
  const original = temporaryDirectory()
  const first = await openEnvironment({ directory: original })
  const store = storeIn(first)
  const fillRule = (one: BaselineStore) => one.open({ ...key, limits: wide })
  for (let n = 0; n < 3000; n++) fillRule(store).observe(`m${n % 50}`, `value ${n}`, n)
  await store.flush()
  for (let n = 0; n < 300; n++) fillRule(store).observe(`m${n % 50}`, `later ${n}`, n)
  await store.flush()
  await first.close()
  const file = readFileSync(join(original, 'memory', 'data.mdb'))
  const roll = dice(20_261_122)
  let known = 0
  for (let round = 0; round < damageRounds; round++) {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'memory'))
    const bytes = Buffer.from(file)
    for (let hit = 0; hit <= round % 4; hit++) {
      const page = roll(bytes.length / 4096) * 4096
      const place = round % 2 ? page + roll(64) : roll(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 + roll(255)), place)
    }
    writeFileSync(join(directory, 'memory', 'data.mdb'), bytes)
    const environment = await openTemporary(directory)
    // Some damage shows only when the page is to be written: that turn is lost, and unlearned.
    const journal: Journal = new Journal({
      environment,
      onAppended: () => undefined,
      onLost: operations => again.lost(operations),
    })
    const again = new StoredBaselineStore({ environment, journal })
    const baseline = fillRule(again)
    for (let n = 0; n < 3000; n++) {
      if (baseline.observe(`m${n % 50}`, `value ${n}`, 9000).pair !== undefined) known++
    }
    expect(baseline.observe('m1', 'new', 9001).pair).toBeUndefined()
    expect([...again.export()].length).toBeGreaterThan(3000)
    await again.flush().catch(error => expect(error).toMatchObject({ code: 'STATE_UNUSABLE' }))
    await journal.flush()
  }
  // Most of what is not set aside as a whole is still known.
  expect(known).toBeGreaterThan(3000)
}, 600_000)

const wide = { entities: 100, valuesPerEntity: 10_000, overflow: 'freeze' as const }
