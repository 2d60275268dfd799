import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, or of the installed package. */
const root = folderAbove(dirname(fileURLToPath(import.meta.url)))

/** The path of one of our files, named from the root; whether it is there is for the caller to see. */
export function installed(path: string): string {
  return join(root, path)
}

/** The same from the sources, from what is compiled of them, and from the bundle. */
function folderAbove(start: string): string {
  for (let folder = start; ; folder = dirname(folder))
    if (folder === '/' || existsSync(join(folder, 'package.json'))) return folder
}
