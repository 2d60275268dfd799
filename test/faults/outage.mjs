// A child of outage.test.ts: a webhook that is away while `count` alerts are accepted, and what that
// costs in memory. Reads `go` on stdin when the far side is back.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'

const [directory, dist, url, count] = process.argv.slice(2)
const { openEnvironment } = await import(`${dist}/storage/environment.js`)
const { loadConfig } = await import(`${dist}/config/load.js`)
const { openOutbox } = await import(`${dist}/outbox/outbox.js`)
const { webhook } = await import(`${dist}/sinks/index.js`)

const log = pino({ level: 'silent' })
const options = { url, allow_http: true, allow_private: true, timeout: '500ms' }
const file = `${directory}.yaml`
writeFileSync(file, JSON.stringify({ sinks: { siem: { type: 'webhook', ...options } } }))
const sink = await webhook.open(loadConfig(file).sinks.siem, {
  name: 'siem',
  log,
  output: undefined,
})
const environment = await openEnvironment({ directory })
const outlets = new Map([['siem', { receiver: sink }]])
const outbox = await openOutbox({ environment, outlets, log, baseMs: 5 })
const filler = 'x'.repeat(900)

async function accept(from, to) {
  for (let n = from; n < to; n += 250) {
    const some = Array.from({ length: Math.min(250, to - n) }, (_, i) =>
      outbox.accept({
        message: filler,
        labels: { level: 'high' },
        event: { id: `a${n + i}` },
        network: { community_id: `k${(n + i) % 500}` },
      }),
    )
    await Promise.all(some)
  }
}

function rssAnon() {
  globalThis.gc()
  const [, kib] = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(kib) / 1024
}

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)
// What every run needs is there before it counts: compiled code, and V8's space for young objects.
await accept(0, 12_000)
const before = rssAnon()
let most = before
for (let n = 12_000; n < Number(count); n += 1500) {
  await accept(n, Math.min(n + 1500, Number(count)))
  most = Math.max(most, rssAnon())
}
while (
  outbox.status.sinks.siem.pending < Number(count) ||
  outbox.status.sinks.siem.state !== 'down'
)
  await new Promise(done => setTimeout(done, 20))
say({ grown: most - before })
await once(process.stdin, 'data')
const start = performance.now()
while (outbox.status.sinks.siem.pending > 0) {
  most = Math.max(most, rssAnon())
  await new Promise(done => setTimeout(done, 50))
}
const seconds = (performance.now() - start) / 1000
const { base: _, ...account } = outbox.status.sinks.siem
await outbox.close(1000)
await environment.close()
say({ grown: most - before, seconds, account })
process.exit(0)
