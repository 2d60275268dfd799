// Puts the modules of the build into few files, at its end: loading 600 one by one takes 0.3 s and
// 6 MB. What is imported later stays apart; packages are loaded from where they are.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const modules = resolve(process.argv[2] ?? 'dist')
const folder = join(modules, 'bundle')

const bundle = await rolldown({
  cwd: modules,
  platform: 'node',
  input: { main: 'main.js', writer: 'storage/writer.js', verify: 'storage/verify.js' },
  external: /^[^./]/,
  plugins: [{ name: 'maps', load: withMap }],
})
const { output } = await bundle.generate({
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
})
await bundle.close()
mkdirSync(folder)
for (const file of output) writeFileSync(join(folder, file.fileName), content(file))
copyFileSync(join(modules, 'config/validators.cjs'), join(folder, 'validators.cjs'))

/** A module with the compiler's map, so that the map of the bundle leads to the sources. */
function withMap(path) {
  return { code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') }
}

/** In ASCII, or V8 keeps two bytes for each character of the source. */
function content(file) {
  if (file.type !== 'chunk') return file.source
  const escaped = one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return file.code.replace(/[^\0-\x7f]/g, escaped)
}
