import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type SensorParts } from '../../src/pipeline/parts.ts'
import { makeJournal, makeProfiles } from '../../src/pipeline/stages.ts'
import { openEnvironment } from '../../src/storage/environment.ts'

const limits = { z: 3.5, watched: 72, active: 24, least: [1e6, 50, 20, 50, 10] }
const start = 480_000

test('profiles go on after a restart as if nothing had been', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-profiles-'))
  const run = async (hours: number, from: number, bytes: number) => {
    const environment = await openEnvironment({ directory })
    const parts = { config: loadConfig(), environment } as SensorParts
    const journal = makeJournal(parts, { alerted: () => undefined, lost: () => undefined })
    const profiles = makeProfiles(parts, journal)
    const slot = profiles.slot('device', start)
    const out = Array.from({ length: hours }, (_, hour) =>
      profiles.take(slot, start + from + hour, [bytes, 9, 9, 9, 0], start, limits),
    )
    await journal.flush()
    await environment.close()
    return { told: out.flat().map(({ measure }) => measure), counts: profiles.counts }
  }
  try {
    expect((await run(100, 0, 5000)).told).toEqual([])
    const second = await run(1, 100, 1e10)
    expect(second.told).toEqual(['bytes-out'])
    expect(second.counts).toEqual({ profiles: 1, refused: 0, damaged: 0 })
  } finally {
    rmSync(directory, { recursive: true })
  }
})
