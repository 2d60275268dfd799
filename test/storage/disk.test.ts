import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StoredBaselineStore } from '../../src/baseline/stored-store.ts'
import { openEnvironment } from '../../src/storage/environment.ts'
import { type Fault } from '../../src/storage/fault.ts'
import { journalFor } from './journal.ts'
import { openTemporary } from './open.ts'
import { fill, smallDisk } from './small-disk.ts'

describe.skipIf(process.getuid?.() !== 0)('full disk (needs root to mount a small one)', () => {
  test('delays commits and loses none; they are written when there is room again', async context => {
    const disk = smallDisk('2m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const faults: (Fault | undefined)[] = []
    const environment = await openTemporary(join(disk, 'state'), {
      retryMs: 20,
      onFault: fault => faults.push(fault),
    })
    await environment.commit([{ kind: 'put', table: 'devices', key: 'before', value: '' }])
    fill(join(disk, 'filler'))
    const commits = Array.from({ length: 20 }, (_, n) =>
      environment.commit([
        { kind: 'put', table: 'devices', key: `device-${n}`, value: 'x'.repeat(30_000) },
        { kind: 'append', table: 'alerts', value: 'y'.repeat(10_000) },
      ]),
    )
    while (environment.health().state === 'up') await new Promise(done => setTimeout(done, 5))
    expect(environment.health()).toMatchObject({ state: 'disk_full', waiting: 40 })
    expect(environment.page('devices', { limit: 100 })).toHaveLength(1)
    rmSync(join(disk, 'filler'))
    expect(await Promise.all(commits)).toEqual(commits.map((_, n) => [n + 1]))
    expect(environment.health()).toEqual({ state: 'up', waiting: 0, refused: 0 })
    expect(environment.page('devices', { limit: 100 })).toHaveLength(21)
    expect(environment.page('alerts', { limit: 100 })).toHaveLength(20)
    expect(faults).toEqual(['disk_full', undefined])
  })

  test('delays what is learned with its alerts, and forgets nothing', async context => {
    const disk = smallDisk('2m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const directory = join(disk, 'state')
    const environment = await openEnvironment({ directory, retryMs: 20 })
    const journal = journalFor(environment)
    const store = new StoredBaselineStore({ environment, journal })
    const limits = { entities: 9, valuesPerEntity: 9999, overflow: 'freeze' } as const
    const baseline = store.open({ id: 'r', hash: 'h', forgetAfter: 1e15, limits })
    baseline.observe('m1', 'before', 0)
    await journal.flush()
    fill(join(disk, 'filler'))
    for (let n = 0; n < 60; n++) {
      baseline.observe('m1', `value ${n}`, n)
      journal.add({ kind: 'append', table: 'alerts', value: `alert ${n} ${'x'.repeat(500)}` })
      store.advance(n * 1e6)
      if (n % 10 === 9) await Promise.resolve()
    }
    while (environment.health().state === 'up') await new Promise(done => setTimeout(done, 5))
    expect(baseline.observe('m1', 'value 59', 60).pair).toBeDefined()
    rmSync(join(disk, 'filler'))
    await journal.flush()
    expect(environment.page('alerts', { limit: 1000 })).toHaveLength(60)
    await environment.close()
    const after = await openTemporary(directory)
    const again = new StoredBaselineStore({ environment: after, journal: journalFor(after) })
    const values = [...again.export()].filter(({ kind }) => kind === 'value')
    expect(values).toHaveLength(61)
    expect(again.damaged).toBe(0)
  })

  test('does not keep the sensor from ending: what cannot be written is rejected', async context => {
    const disk = smallDisk('2m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    const environment = await openTemporary(join(disk, 'state'), { retryMs: 60_000 })
    fill(join(disk, 'filler'))
    const commit = environment.commit([
      { kind: 'put', table: 'devices', key: 'device', value: 'x'.repeat(200_000) },
    ])
    const rejected = expect(commit).rejects.toMatchObject({ code: 'STATE_UNUSABLE' })
    await environment.close()
    await rejected
    await expect(environment.commit([])).rejects.toMatchObject({ code: 'STATE_BUSY' })
  })
})
