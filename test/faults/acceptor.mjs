// A child of the fault tests: accepts alerts one after the other and says the id of each when it
// counts as accepted, with how long that took; and the outbox's health when it changes and at last.
import { pino } from 'pino'

const [directory, dist, count, wait] = process.argv.slice(2)
const { openEnvironment } = await import(`${dist}/storage/environment.js`)
const { openOutbox } = await import(`${dist}/outbox/outbox.js`)
const { livePage, readyPage } = await import(`${dist}/operate/monitor/health.js`)

const environment = await openEnvironment({ directory, retryMs: 50 })
const outbox = await openOutbox({
  environment,
  outlets: new Map([['sink', { receiver: { send: () => new Promise(() => undefined) } }]]),
  log: pino({ level: 'silent' }),
})
const say = line => new Promise(done => process.stdout.write(`${JSON.stringify(line)}\n`, done))
/** The outbox's health, and what probes are told of it. */
function healthNow() {
  const { status } = outbox
  const ready = readyPage({ status }).status
  return { health: status.health, ready, live: livePage({ commits: environment.commits() }).status }
}
let health = 'up'
setInterval(() => {
  if (outbox.status.health === health) return
  health = outbox.status.health
  void say(healthNow())
}, 20)
const all = (async () => {
  for (let n = 0; n < Number(count); n++) {
    const start = performance.now()
    const message = `${n}`.repeat(100)
    await outbox.accept({ message, labels: { level: 'high' }, event: { id: `a${n}` } })
    await say({ id: `a${n}`, ms: performance.now() - start })
  }
})()
await Promise.race([all, new Promise(done => setTimeout(done, Number(wait)))])
await say(healthNow())
process.exit(0)
