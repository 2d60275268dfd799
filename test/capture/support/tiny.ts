import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('tiny.bpf.c', import.meta.url))
const folder = fileURLToPath(new URL('../../../build/test', import.meta.url))

/** Compiles the stand-in sensor below build/, where any user can read it; returns the object file. */
export function compileTiny(...flags: string[]): string {
  const object = `${folder}/tiny${flags.join('')}.bpf.o`
  const fresh = `${object}.${process.pid}`
  const arch = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()
  const include = ['-I', `/usr/include/${arch}`]
  mkdirSync(folder, { recursive: true })
  execFileSync('clang', [
    ...['-g', '-O2', '-Wall', '-target', 'bpf', ...include, ...flags, '-c', source, '-o', fresh],
  ])
  renameSync(fresh, object) // test files run at the same time
  return object
}
