import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sequenceKey } from '../../src/storage/entry.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { type Operation } from '../../src/storage/operation.ts'
import { schemaVersion } from '../../src/storage/schema.ts'
import { accept, imbalance, keeper, open as openOutbox, until } from '../outbox/harness.ts'
import { openTemporary, temporaryDirectory } from './open.ts'

const device = (key: string, value: string): Operation => ({
  kind: 'put',
  table: 'devices',
  key,
  value,
})
const alert = (value: string): Operation => ({ kind: 'append', table: 'alerts', value })
const keys = (environment: Environment) =>
  environment.page('devices', { limit: 10_000 }).map(entry => entry.key.toString())

describe('environment', () => {
  test('reads back what was committed, also after it was opened again', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    await first.commit([device('b', '2'), device('a', '1')])
    await first.commit([{ kind: 'remove', table: 'devices', key: 'b' }, device('c', '3')])
    expect(keys(first)).toEqual(['a', 'c'])
    await first.close()
    const second = await openTemporary(directory)
    expect(second.setAside).toBeUndefined()
    expect(keys(second)).toEqual(['a', 'c'])
    expect(second.get('devices', 'c')?.toString()).toBe('3')
    expect(second.get('devices', 'b')).toBeUndefined()
  })

  test('draws sequence numbers in order and never twice, also after all alerts are gone', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const drawn = await Promise.all([
      first.commit([alert('one'), device('x', '')]),
      first.commit([device('y', '')]),
      first.commit([alert('two'), alert('three')]),
    ])
    expect(drawn).toEqual([[1], [], [2, 3]])
    await first.commit(
      [1, 2, 3].map(n => ({ kind: 'remove', table: 'alerts', key: sequenceKey(n) })),
    )
    await first.close()
    const second = await openTemporary(directory)
    expect(await second.commit([alert('four')])).toEqual([4])
  })

  test('writes a commit whole or not at all, and one that cannot be written harms no other', async () => {
    const environment = await openTemporary()
    const results = await Promise.allSettled([
      environment.commit([device('good', ''), alert('good')]),
      environment.commit([device('bad', ''), alert('bad'), device('k'.repeat(4000), '')]),
      environment.commit([device('fine', ''), alert('fine')]),
    ])
    expect(results).toMatchObject([
      { value: [1] },
      { status: 'rejected', reason: { code: 'STATE_UNUSABLE' } },
      { value: [2] },
    ])
    expect(keys(environment)).toEqual(['fine', 'good'])
    const alerts = environment.page('alerts', { limit: 10 })
    expect(alerts.map(entry => entry.value?.toString())).toEqual(['good', 'fine'])
    expect(environment.health().state).toBe('up')
  })

  test('pages through a table without missing or repeating a key', async () => {
    const environment = await openTemporary()
    const names = Array.from({ length: 1000 }, (_, n) => `d${String(n).padStart(4, '0')}`)
    await Promise.all(names.map(name => environment.commit([device(name, name)])))
    const read: string[] = []
    for (let after: Buffer | undefined; ; ) {
      const page = environment.page('devices', { limit: 300, ...(after && { after }) })
      after = page.at(-1)?.key
      if (after === undefined) break
      read.push(...page.map(entry => String(entry.value)))
    }
    expect(read).toEqual(names)
  })

  test('keeps the directory to its user', async () => {
    const directory = join(temporaryDirectory(), 'not', 'yet')
    await openTemporary(directory)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  test('names the process that has the directory', async () => {
    const directory = temporaryDirectory()
    await openTemporary(directory)
    await expect(openEnvironment({ directory })).rejects.toMatchObject({
      code: 'STATE_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
    })
  })

  test('is not locked by a sensor that was killed', async () => {
    const directory = temporaryDirectory()
    const built = new URL('../../dist/storage/environment.js', import.meta.url).href
    const program = `const { openEnvironment } = await import(${JSON.stringify(built)})
      await openEnvironment({ directory: ${JSON.stringify(directory)} })
      console.log('open')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    await once(child.stdout, 'data')
    await expect(openEnvironment({ directory })).rejects.toMatchObject({
      message: expect.stringContaining(`process ${child.pid}`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await openTemporary(directory)).health().state).toBe('up')
  })

  test('takes over an environment of an older version with all that is in it', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const older: Operation = { kind: 'put', table: 'meta', key: 'schema', value: '1' }
    await first.commit([older, device('a', '1'), alert('{"message": "of before"}')])
    await first.close()
    const second = await openTemporary(directory)
    expect(second.setAside).toBeUndefined()
    expect(second.get('meta', 'schema')?.toString()).toBe(String(schemaVersion))
    expect(keys(second)).toEqual(['a'])
    expect(await second.commit([alert('next')])).toEqual([2])
  })

  test('refuses an environment of a newer version and leaves it as it is', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    await first.commit([{ kind: 'put', table: 'meta', key: 'schema', value: '3' }])
    await first.close()
    await expect(openEnvironment({ directory })).rejects.toMatchObject({ code: 'STATE_VERSION' })
    expect(readdirSync(directory).sort()).toEqual(['lock', 'memory'])
  })

  test('says what is wrong with a directory that is none', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    await expect(openEnvironment({ directory: file })).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      message: expect.stringContaining(file),
    })
  })
})

describe('damaged environment', () => {
  test('is set aside and the memory begins anew', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'memory'))
    writeFileSync(join(directory, 'memory', 'data.mdb'), Buffer.alloc(65_536, 'rubbish'))
    const environment = await openTemporary(directory)
    expect(environment.setAside).toMatch(/memory\.corrupt-\d{4}-\d\d-\d\dT/)
    expect(readFileSync(join(environment.setAside ?? '', 'data.mdb')).length).toBe(65_536)
    await environment.commit([device('a', '1')])
    expect(keys(environment)).toEqual(['a'])
  })

  test('never stops a start: 50 files with bytes changed at random', async () => {
    const original = temporaryDirectory()
    const first = await openEnvironment({ directory: original })
    const names = Array.from({ length: 600 }, (_, n) => `device-${n}`)
    await Promise.all(
      names.map(name => first.commit([device(name, name.repeat(20)), alert(name.repeat(40))])),
    )
    await first.close()
    const file = join(original, 'memory', 'data.mdb')
    let seed = 20_261_122
    const random = (limit: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    const outcome = { aside: 0, whole: 0, entriesLost: 0 }
    const directory = temporaryDirectory()
    for (let round = 0; round < 50; round++) {
      const target = join(directory, String(round), 'memory')
      mkdirSync(target, { recursive: true })
      const bytes = readFileSync(file)
      // Half the rounds hit the meta pages and page headers, where it hurts most.
      for (let hit = 0; hit < 1 + (round % 4); hit++) {
        const page = random(bytes.length / 4096) * 4096
        const place = round % 2 ? page + random(64) : random(bytes.length)
        bytes.writeUInt8(bytes.readUInt8(place) ^ (1 + random(255)), place)
      }
      writeFileSync(join(target, 'data.mdb'), bytes)
      if (round % 5 === 0) copyFileSync(join(original, 'memory', 'clean'), join(target, 'clean'))
      const environment = await openEnvironment({ directory: join(directory, String(round)) })
      const found = environment.page('devices', { limit: 10_000 })
      for (const { key, value } of found) {
        if (value !== undefined && value.toString() !== key.toString().repeat(20)) {
          // A changed key cannot be told from another one; a changed value must be.
          expect(names).not.toContain(key.toString())
        }
      }
      outcome[environment.setAside === undefined ? 'whole' : 'aside']++
      outcome.entriesLost += found.filter(entry => entry.value === undefined).length
      await environment.commit([device('after', 'damage')])
      const sink = keeper()
      const outbox = await openOutbox(environment, { sink })
      await accept(outbox, ['after'])
      await until(() => sink.ids.includes('after'))
      await outbox.close(1000)
      expect(imbalance(outbox)).toEqual([])
      await environment.close()
      rmSync(join(directory, String(round)), { recursive: true })
    }
    expect(outcome.aside + outcome.whole).toBe(50)
    expect(outcome.aside).toBeGreaterThan(0)
    expect(outcome.whole).toBeGreaterThan(0)
  }, 120_000)
})
