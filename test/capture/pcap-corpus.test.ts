import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collect } from './pcap-collect.ts'

const folder = join(import.meta.dirname, '../../../shared/corpus/pcaps')
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
  : []
const ready = files.length > 0 && spawnSync('capinfos', ['-v']).status === 0
if (!ready) process.stderr.write('SKIPPED: no capture corpus or no capinfos: reader not compared\n')

interface Facts {
  readonly file: string
  readonly packets: number
  /** Seconds with the digits of the file's resolution; n/a without packets. */
  readonly latest: string
}

function capinfos(): Facts[] {
  const run = spawnSync('capinfos', ['-T', '-r', '-M', '-c', '-e', '-S', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return run.stdout
    .trimEnd()
    .split('\n')
    .map(line => {
      const [file = '', packets = '', latest = ''] = line.split('\t')
      return { file, packets: Number(packets), latest }
    })
}

describe.skipIf(!ready)('capinfos agrees about the corpus', () => {
  test('number of packets and latest time of every capture', async () => {
    const facts = capinfos()
    expect(facts.length).toBe(files.length)
    const differences: unknown[] = []
    for (const { file, packets, latest } of facts) {
      const { rows, skipped, error } = await collect(file)
      const last = rows
        .map(row => row.time)
        .sort((a, b) => Number(a - b))
        .at(-1)
      const same =
        rows.length + skipped === packets && (rows.length === 0 || nanoseconds(latest) === last)
      if (!same || error)
        differences.push({ file, packets, latest, rows: rows.length, last, skipped, error })
    }
    expect(differences).toEqual([])
  })
})

function nanoseconds(seconds: string): bigint {
  const [whole = '0', fraction = ''] = seconds.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}
