import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { builtFile } from './built.ts'

const marker = 'clean'
/** Damaged environments that are kept for inspection; older ones go, so that they cannot pile up. */
const keptAside = 3

/** Says at the next start that the environment was closed in order and how its file looked then. */
export async function markClean(directory: string): Promise<void> {
  await writeFile(join(directory, marker), fingerprint(directory), { mode: 0o600 })
}

/** Takes that word back for as long as the environment is open; false: it was not as it was left. */
export function takeClean(directory: string): boolean {
  const path = join(directory, marker)
  const left = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  rmSync(path, { force: true })
  return left !== undefined && left === fingerprint(directory)
}

/** True when there is no environment yet, or all of the one in `directory` can be read. */
export async function isSound(directory: string): Promise<boolean> {
  const file = join(directory, 'data.mdb')
  if (!existsSync(file)) return true
  // Damage can also make a walk endless: 30 s, and 1 s for each 10 MiB.
  const timeout = 30_000 + Math.ceil(statSync(file).size / 10_486)
  return new Promise(resolve => {
    execFile(process.execPath, [builtFile('verify'), directory], { timeout }, error =>
      resolve(error === null || typeof error.code === 'string'),
    )
  })
}

/** Renames a damaged environment to `NAME.corrupt-TIME` and returns the new path. */
export function setAside(directory: string, now: Date): string {
  const prefix = `${basename(directory)}.corrupt-`
  const parent = dirname(directory)
  const aside = join(parent, `${prefix}${now.toISOString().replaceAll(':', '-')}`)
  renameSync(directory, aside)
  const all = readdirSync(parent).filter(name => name.startsWith(prefix))
  for (const name of all.sort().slice(0, -keptAside)) {
    rmSync(join(parent, name), { recursive: true, force: true })
  }
  return aside
}

function fingerprint(directory: string): string {
  const file = join(directory, 'data.mdb')
  if (!existsSync(file)) return 'none'
  const { size, mtimeNs } = statSync(file, { bigint: true })
  return `${size} ${mtimeNs}`
}
