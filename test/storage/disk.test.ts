import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Fault } from '../../src/storage/fault.ts'
import { openTemporary, temporaryDirectory } from './open.ts'

/** A file system of 2 MiB of the test's own; undefined where mounting is not allowed. */
function smallDisk(): string | undefined {
  const directory = temporaryDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'orthrus-test', directory], {
      stdio: 'ignore',
    })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}

function fill(file: string): void {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch {
      // Full for this size.
    }
  }
}

describe.skipIf(process.getuid?.() !== 0)('full disk (needs root to mount a small one)', () => {
  test('delays commits and loses none; they are written when there is room again', async context => {
    const disk = smallDisk()
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

  test('does not keep the sensor from ending: what cannot be written is rejected', async context => {
    const disk = smallDisk()
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
