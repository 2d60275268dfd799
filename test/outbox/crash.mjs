// The child of crash.test.ts: accepts alerts, says so after the commit, and delivers to a file.
import { appendFileSync } from 'node:fs'
import { pino } from 'pino'

const [directory, dist, received, prefix] = process.argv.slice(2)
const { openEnvironment } = await import(`${dist}/storage/environment.js`)
const { openOutbox } = await import(`${dist}/outbox/outbox.js`)
const { SinkError } = await import(`${dist}/outbox/sink-error.js`)

let sends = 0
const sink = name => ({
  send: async batch => {
    // Now and then it fails, before or after it took the batch.
    const fault = ++sends % 7
    if (fault === 1) throw new SinkError('transient', 'before')
    appendFileSync(`${received}.${name}`, batch.map(alert => `${alert.id}\n`).join(''))
    if (fault === 4) throw new SinkError('transient', 'after')
  },
})
const environment = await openEnvironment({ directory })
const outlets = new Map(['one', 'two'].map(name => [name, { receiver: sink(name) }]))
const outbox = await openOutbox({
  environment,
  outlets,
  log: pino({ level: 'silent' }),
  baseMs: 1,
})
for (let n = 0; ; n++) {
  const id = `${prefix}-${n}`
  const document = {
    labels: { level: 'high' },
    event: { id },
    network: { community_id: `k${n % 9}` },
  }
  const accepted = outbox.accept(document).then(() => process.stdout.write(`${id}\n`))
  if (n % 20 === 0) await accepted
  if (n % 200 === 0) await new Promise(done => setTimeout(done, 5))
}
