import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../commands/orthrus.ts'

const unpacked = join(root, 'build/peers/prometheus/usr/bin/promtool')

/** Prometheus's own reader; undefined where it is not there, which is said loudly. */
export const promtool = existsSync(unpacked) ? unpacked : undefined

if (promtool === undefined) {
  process.stderr.write('\n*** promtool is not unpacked (`make test` does it): SKIPPED ***\n\n')
}

/** What Prometheus says against a page of metrics: syntax and conventions; '' when nothing. */
export function promtoolFaults(page: string): string {
  const { status, stdout, stderr } = spawnSync(promtool ?? 'promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  })
  const said = `${stdout}${stderr}`.trim()
  return status === 0 ? said : `exit ${status}: ${said}`
}

export type Series = ReadonlyMap<string, number>

/** Each series, `name{label="value"}` as it stands there, with its value; throws on anything else. */
export function seriesOf(page: string): Series {
  const series = new Map<string, number>()
  for (const line of page.split('\n').filter(one => one !== '' && !one.startsWith('#'))) {
    const [, name = '', value = ''] = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    if (name === '' || series.has(name)) throw new Error(`no series, or one twice: ${line}`)
    series.set(name, Number(value))
  }
  return series
}
