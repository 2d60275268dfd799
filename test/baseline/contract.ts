import { describe, expect, test } from 'vitest'
import { type BaselineKey, type BaselineStore } from '../../src/baseline/store.ts'

const minute = 60e6
const day = 86_400e6

const key: BaselineKey = {
  id: 'r',
  hash: 'h',
  forgetAfter: 30 * day,
  limits: { entities: 3, valuesPerEntity: 2, overflow: 'freeze' },
}

/** What every store of baselines must do, whatever it keeps them in. */
export function baselineContract(
  name: string,
  open: () => BaselineStore | Promise<BaselineStore>,
): void {
  describe(`${name} as a baseline store`, () => {
    test('says what was known before the sighting', async () => {
      const store = await open()
      const baseline = store.open(key)
      store.advance(0)
      expect(baseline.observe('m1', 'a', 0)).toMatchObject({
        pair: undefined,
        entity: undefined,
        value: undefined,
        refused: false,
      })
      store.advance(minute)
      expect(baseline.observe('m1', 'a', minute)).toMatchObject({
        pair: { firstSeen: 0, lastSeen: 0, events: 1 },
        entity: { firstSeen: 0, events: 1, values: 1, days: 1, observed: minute },
        value: { entities: 1, events: 1 },
        total: { events: 1, entities: 1, values: 1 },
      })
      expect(baseline.observe('m2', 'a', minute)).toMatchObject({
        pair: undefined,
        entity: undefined,
        value: { entities: 1, events: 2 },
      })
      expect(baseline.observe('m3', 'a', minute).value).toMatchObject({ entities: 2, events: 3 })
    })

    test('time while the sensor did not watch is not observed', async () => {
      const store = await open()
      const baseline = store.open(key)
      store.advance(0)
      baseline.observe('m1', 'a', 0)
      for (let at = 0; at <= 60; at++) store.advance(at * minute)
      store.advance(3 * day)
      const { entity } = baseline.observe('m1', 'a', 3 * day)
      expect(entity?.observed).toBe(70 * minute)
    })

    test('a late sighting counts, and moves no time back', async () => {
      const baseline = (await open()).open(key)
      baseline.observe('m1', 'a', 2 * day)
      baseline.observe('m1', 'a', day)
      expect(baseline.observe('m1', 'a', 2 * day).pair).toEqual({
        firstSeen: 2 * day,
        lastSeen: 2 * day,
        events: 2,
      })
    })

    test('forgets what was not seen for too long: values, then entities', async () => {
      const baseline = (await open()).open(key)
      baseline.observe('m1', 'a', 0)
      baseline.observe('m1', 'b', 29 * day)
      expect(baseline.observe('m1', 'a', 31 * day)).toMatchObject({
        pair: undefined,
        value: undefined,
        entity: { events: 2 },
      })
      expect(baseline.observe('m1', 'a', 70 * day)).toMatchObject({
        entity: undefined,
        value: undefined,
      })
    })

    test('frozen at a limit it learns nothing more, and says so', async () => {
      const baseline = (await open()).open(key)
      for (const value of ['a', 'b']) expect(baseline.observe('m1', value, 0).refused).toBe(false)
      expect(baseline.observe('m1', 'c', 0).refused).toBe(true)
      expect(baseline.observe('m1', 'c', 0)).toMatchObject({ pair: undefined, refused: true })
      expect(baseline.observe('m1', 'a', 0).pair).toBeDefined()
      for (const entity of ['m2', 'm3']) baseline.observe(entity, 'a', 0)
      expect(baseline.observe('m4', 'a', 0)).toMatchObject({ entity: undefined, refused: true })
      expect(baseline.observe('m4', 'a', 0)).toMatchObject({ entity: undefined, refused: true })
    })

    test('or it evicts what was not seen for longest', async () => {
      const baseline = (await open()).open({
        ...key,
        limits: { ...key.limits, overflow: 'evict-oldest' },
      })
      baseline.observe('m1', 'a', 0)
      baseline.observe('m1', 'b', 1)
      baseline.observe('m1', 'a', 2)
      baseline.observe('m1', 'c', 3)
      expect(baseline.observe('m1', 'a', 4).pair).toBeDefined()
      expect(baseline.observe('m1', 'b', 5)).toMatchObject({
        pair: undefined,
        value: undefined,
        refused: false,
      })
      for (const [index, entity] of ['m2', 'm3', 'm1', 'm4'].entries())
        baseline.observe(entity, 'a', 6 + index)
      expect(baseline.observe('m1', 'a', 11).entity).toBeDefined()
      expect(baseline.observe('m2', 'a', 12).entity).toBeUndefined()
    })

    test('the same hash goes on, also with other limits; another one starts anew', async () => {
      const store = await open()
      store.open(key).observe('m1', 'a', 0)
      const wider = { ...key, limits: { ...key.limits, entities: 9 } }
      expect(store.open(wider).observe('m1', 'a', 1).pair).toBeDefined()
      expect(store.open({ ...key, hash: 'other' }).observe('m1', 'a', 2).entity).toBeUndefined()
    })

    test('rules do not see each other', async () => {
      const store = await open()
      store.open(key).observe('m1', 'a', 0)
      expect(store.open({ ...key, id: 'other' }).observe('m1', 'a', 0).entity).toBeUndefined()
    })

    test('forgets on demand, one value or all of an entity', async () => {
      const store = await open()
      const baseline = store.open(key)
      for (const value of ['a', 'b']) baseline.observe('m1', value, 0)
      expect(store.forget('r', 'm1', 'a')).toBe(1)
      expect(store.forget('r', 'm1', 'a')).toBe(0)
      expect(baseline.observe('m1', 'b', 0).pair).toBeDefined()
      expect(store.forget('r', 'm1')).toBe(1)
      expect(baseline.observe('m1', 'b', 0).entity).toBeUndefined()
      expect(store.forget('nobody', 'm1')).toBe(0)
    })

    test('what is exported and imported is the same memory', async () => {
      const [store, other] = [await open(), await open()]
      const baseline = store.open(key)
      for (const [at, value] of ['a', 'a', 'b'].entries()) {
        store.advance(at * minute)
        baseline.observe('m1', value, at * minute)
      }
      baseline.observe('m2', 'a', 3 * minute)
      const records = JSON.parse(JSON.stringify([...store.export()]))
      expect(other.import(records)).toBe(0)
      const copy = other.open(key)
      expect(copy.observe('m1', 'a', 4 * minute)).toEqual(baseline.observe('m1', 'a', 4 * minute))
      expect(
        other.import([
          {
            kind: 'value',
            id: 'nobody',
            entity: 'x',
            value: 'y',
            firstSeen: 0,
            lastSeen: 0,
            events: 1,
          },
        ]),
      ).toBe(1)
    })

    test('merging is the same in any order, and twice as once', async () => {
      const parts = [await open(), await open()].map((store, index) => {
        const baseline = store.open(key)
        for (let at = 0; at <= index; at++) {
          store.advance(at * minute)
          baseline.observe('m1', 'a', at * minute)
          baseline.observe(`m${index}`, `own${index}`, at * day)
        }
        return [...store.export()]
      })
      const [one = [], other = []] = parts
      const merged = [
        [...one, ...other],
        [...other, ...one],
        [...one, ...other, ...one, ...other],
      ]
      const results: unknown[] = []
      for (const records of merged) {
        const store = await open()
        expect(store.import(records)).toBe(0)
        results.push([...store.export()].map(record => JSON.stringify(record)).sort())
      }
      expect(results[1]).toEqual(results[0])
      expect(results[2]).toEqual(results[0])
      expect(results[0]).toContainEqual(expect.stringContaining('own1'))
    })

    test('what is held back stays new until it is approved', async () => {
      const store = await open()
      const baseline = store.open(key)
      baseline.observe('m1', 'known', 0)
      baseline.observe('m1', 'bad', 1)
      baseline.hold('m1', 'bad')
      expect(baseline.observe('m1', 'bad', 2)).toMatchObject({
        pair: undefined,
        value: undefined,
        entity: { values: 1 },
      })
      expect(baseline.observe('m2', 'bad', 3).value).toBeUndefined()
      const held = { id: 'r', entity: 'm1', value: 'bad', firstSeen: 1, lastSeen: 2, events: 2 }
      expect([...store.held()]).toEqual([held])
      expect(store.approve('r', 'm1', 'other')).toBe(0)
      expect(store.approve('r', 'm1')).toBe(1)
      expect([...store.held()]).toEqual([])
      expect(baseline.observe('m1', 'bad', 4)).toMatchObject({
        pair: { firstSeen: 1, events: 2 },
        value: { entities: 2 },
      })
    })

    test('an entity can be held back as a whole', async () => {
      const store = await open()
      const baseline = store.open(key)
      baseline.observe('m1', undefined, 0)
      baseline.hold('m1', undefined)
      expect(baseline.observe('m1', undefined, 1).entity).toBeUndefined()
      expect(baseline.observe('m1', undefined, 2).entity).toBeUndefined()
      store.approve('r', 'm1')
      expect(baseline.observe('m1', undefined, 3).entity).toMatchObject({ firstSeen: 0, events: 3 })
    })

    test('names the known values that are most like a new one', async () => {
      const baseline = (await open()).open({
        ...key,
        limits: { ...key.limits, valuesPerEntity: 9 },
      })
      for (const value of ['www.example.test', 'mail.other.test', 'printer'])
        baseline.observe('m1', value, 0)
      expect(baseline.nearest('m1', 'ww2.example.test', 2)).toEqual([
        'www.example.test',
        'mail.other.test',
      ])
    })
  })
}
