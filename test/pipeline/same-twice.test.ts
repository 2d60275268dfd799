import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { everySignal } from '../detectors/replayed.ts'
import { attackNames } from '../generate/office/attacks/index.ts'
import { writeOffice } from '../generate/office/office.ts'
import { HOUR } from '../generate/office/station.ts'
import { replayedLines } from './replayed.ts'

/** All lines of a replay by the shipped rules and one that lets every signal through. */
function lines(file: string, rule: string): Promise<string[]> {
  const config = loadConfig()
  return replayedLines({
    config: { ...config, rules: { ...config.rules, paths: [rule] } },
    files: [file],
  })
}

test('every attack of an office, replayed twice, gives the same alerts, word for word', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-twice-'))
  const [file, rule] = [join(folder, 'office.pcap'), join(folder, 'signal.yml')]
  writeFileSync(rule, everySignal)
  const attacks = attackNames.map((name, i) => ({ name, at: (6 + i / 20) * HOUR }))
  await writeOffice(file, { days: 0.35, density: 0.2, attacks })
  const first = await lines(file, rule)
  const second = await lines(file, rule)
  rmSync(folder, { recursive: true })
  expect(first.length).toBeGreaterThan(100)
  expect(second).toEqual(first)
  const names = first.flatMap(line => JSON.parse(line).orthrus?.signal?.name ?? [])
  expect(new Set(names).size).toBeGreaterThan(12)
})
