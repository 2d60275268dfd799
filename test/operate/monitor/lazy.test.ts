import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../commands/orthrus.ts'

const script = `
  import { createRequire } from 'node:module'
  const [file, name] = process.argv.slice(1)
  await import(file)
  const files = Object.keys(createRequire(import.meta.url).cache)
  const found = [...process.moduleLoadList, ...files].filter(one => one.includes(name))
  process.stdout.write(String(found.length > 0))`

/** Whether this module of dist/ loads what bears such a name. */
function loads(module: string, name: string): boolean {
  const args = ['--input-type=module', '-e', script, join(root, 'dist', module), name]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }) === 'true'
}

test.each(['NativeModule _http_server', 'prom-client'])(
  'a sensor without a monitor does not load %s',
  name => {
    expect(loads('pipeline/live.js', name)).toBe(false)
    expect(loads('operate/monitor/open.js', 'NativeModule _http_server')).toBe(true)
    expect(loads('operate/monitor/prometheus.js', 'prom-client')).toBe(true)
  },
)
