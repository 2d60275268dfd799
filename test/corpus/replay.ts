import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { loadConfig } from '../../src/config/load.ts'
import { replayEvents } from '../../src/pipeline/replay.ts'

/** The measuring kit beside the checkout; not part of the repository. */
export const kit =
  process.env['ORTHRUS_CORPUS'] ?? join(import.meta.dirname, '../../../shared/corpus')
export const hasKit = existsSync(join(kit, 'public.jsonl'))

export interface Case {
  readonly id: string
  readonly pcap: string
  readonly format: string
  readonly linktype: string
  readonly packets: number
  readonly bytes: number
  readonly expect: Readonly<Record<string, unknown>>
}

/** All cases of the kit, none without it. */
export function cases(): Case[] {
  if (!hasKit) return []
  const lines = readFileSync(join(kit, 'public.jsonl'), 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line) as Case)
}

/** What `orthrus replay --events` prints for a capture of the kit, as far as it can be read. */
export async function replayed(pcap: string): Promise<string[]> {
  let text = ''
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString()
      done()
    },
  })
  const files = [join(kit, 'pcaps', pcap)]
  const stop = new AbortController().signal
  try {
    await replayEvents({ config: loadConfig(), files, stdout, stop })
  } catch {
    // A damaged file: what its whole packets say has been printed.
  }
  return text.split('\n')
}
