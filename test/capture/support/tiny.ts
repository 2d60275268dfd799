import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('tiny.bpf.c', import.meta.url))

/** Compiles the stand-in sensor into a temporary directory; returns the object file. */
export function compileTiny(...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-tiny-'))
  chmodSync(folder, 0o755) // also for the tests that run as another user
  const object = join(folder, 'tiny.bpf.o')
  const arch = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()
  const include = ['-I', `/usr/include/${arch}`]
  execFileSync('clang', [
    ...['-g', '-O2', '-Wall', '-target', 'bpf', ...include, ...flags, '-c', source, '-o', object],
  ])
  return object
}
