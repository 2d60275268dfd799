// The sensor's half of soak.test.ts: accepts `perSecond` alerts a second for four sinks until it reads
// `stop` on stdin, and says each second how it is; ends at `end`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pino } from 'pino'

const [directory, dist, text] = process.argv.slice(2)
const { perSecond, quota, sinks } = JSON.parse(text)
const { openEnvironment } = await import(`${dist}/storage/environment.js`)
const { openOutbox } = await import(`${dist}/outbox/outbox.js`)
const { loadConfig } = await import(`${dist}/config/load.js`)
const kinds = await import(`${dist}/sinks/index.js`)

const log = pino({ level: 'silent' })
const outlets = new Map()
// The memory makes the directory; what is configured lies beside it.
const file = `${directory}.yaml`
const typed = Object.entries(sinks).map(([name, options]) => [name, { type: name, ...options }])
writeFileSync(file, JSON.stringify({ sinks: Object.fromEntries(typed) }))
for (const [name, options] of Object.entries(loadConfig(file).sinks)) {
  outlets.set(name, { receiver: await kinds[name].open(options, { name, log, output: undefined }) })
}
const environment = await openEnvironment({ directory })
const outbox = await openOutbox({ environment, outlets, log, quota, baseMs: 20 })
const filler = 'x'.repeat(200)
const document = n => ({
  message: filler,
  labels: { level: 'high' },
  event: { id: `a${n}` },
  rule: { id: 'r', name: 'a rule' },
  network: { community_id: `k${n % 500}` },
})

function memory() {
  globalThis.gc()
  const [, kib] = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
  const heap = process.memoryUsage().heapUsed / 1048576
  return { rss: Number(kib) / 1024, heap, fds: readdirSync('/proc/self/fd').length }
}

/** What the account says, and what waits counted one by one. */
function accounts() {
  const { losses } = outbox.ledger
  return outbox.lanes.map(({ store }) => {
    let waiting = 0
    for (const sequence of outbox.backlog.upTo(9, 0)) if (!store.isDone(sequence)) waiting++
    const own = losses.filter(loss => loss.sink === store.name)
    const lost = own.reduce((sum, { count }) => sum + count, 0)
    return { name: store.name, accepted: store.accepted, ...store.account, waiting, lost }
  })
}

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)
const pause = ms => new Promise(done => setTimeout(done, ms))
let made = 0
let goesOn = true
const told = setInterval(() => {
  const { fileBytes, health } = outbox.status
  say({ made, fileBytes, health, ...memory(), accounts: accounts() })
}, 1000)

createInterface({ input: process.stdin }).on('line', line => {
  if (line === 'stop') goesOn = false
  else if (line === 'end') void end()
})

async function end() {
  clearInterval(told)
  await outbox.close(10_000)
  say({ made, fileBytes: 0, health: 'closed', ...memory(), accounts: accounts() })
  await environment.close()
  process.exit(0)
}

const start = performance.now()
while (goesOn) {
  const due = Math.floor(((performance.now() - start) / 1000) * perSecond)
  const some = Array.from({ length: Math.min(2000, due - made) }, () =>
    outbox.accept(document(made++)),
  )
  await Promise.all(some)
  await pause(20)
}
