import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Devices } from '../src/enrich/devices.ts'
import { emptySighting } from '../src/enrich/sighting.ts'
import { vendor } from '../src/enrich/vendor.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { journalFor } from '../test/storage/journal.ts'

// What the inventory costs: memory and start with 65,000 devices, with and without facts, and time
// a sighting. `node --expose-gc` makes it exact.

const count = 65_000
const start = 1.79e15
const directory = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'orthrus-bench-devices-'))

function anonymous(): number {
  globalThis.gc?.()
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) / 1024
}

function show(name: string, value: number, unit: string): void {
  console.log(`${name.padEnd(56)} ${value.toFixed(unit === 'ns' ? 0 : 1).padStart(7)} ${unit}`)
}

async function open(known: boolean) {
  const environment = await openEnvironment({ directory })
  const journal = journalFor(environment)
  const before = anonymous()
  const heap = process.memoryUsage().heapUsed
  const begin = process.cpuUsage()
  const devices = new Devices({
    environment,
    journal,
    limit: 65_536,
    learning: 0,
    grace: 5e6,
    vendor,
    onEvent: () => undefined,
  })
  if (known) {
    const { user, system } = process.cpuUsage(begin)
    show(`${devices.counts.known} devices read (CPU)`, (user + system) / 1000, 'ms')
    show('RssAnon more, at once', anonymous() - before, 'MiB')
    show('heap more', (process.memoryUsage().heapUsed - heap) / 2 ** 20, 'MiB')
    // As the sensor does after its start: V8 gives pages back some time after they are empty.
    for (let round = 0; round < 5; round++) {
      await new Promise(done => setTimeout(done, 200))
      globalThis.gc?.()
    }
    show('RssAnon more, a second later', anonymous() - before, 'MiB')
  }
  return { environment, journal, devices }
}

const seen = Object.assign(emptySighting(), {
  high: 0x001122,
  family: 4,
  ifindex: 1,
  evidence: 'arp' as const,
})

async function fill(facts: boolean): Promise<void> {
  const { environment, journal, devices } = await open(false)
  for (let low = 0; low < count; low++) {
    seen.low = low
    seen.word0 = (10 << 24) | low
    seen.time = start + low * 100
    devices.sighted(seen)
    const device = devices.get(seen.high, seen.low)
    if (facts && device !== undefined) teach(devices, device, low)
    if (low % 1000 === 0) await journal.flush()
  }
  await journal.flush()
  await devices.flush()
  if (!facts) {
    measure(devices)
    await journal.flush()
  }
  await environment.close()
}

type Known = NonNullable<ReturnType<Devices['get']>>

/** What a device of an office has told after a day. */
function teach(devices: Devices, device: Known, low: number): void {
  devices.named(device, 'dhcp', `client-of-${low}`, seen.time)
  devices.named(device, 'mdns', `client-of-${low}`, seen.time)
  devices.teach(device, facts => {
    facts.fingerprint = '1,3,6,15,31,33,43,44,46,47,119,121,249,252'
    facts.vendorClass = 'MSFT 5.0'
    for (let n = 0; n < 3; n++) facts.addService(6, 445 + n, seen.time)
    for (let n = 0; n < 8; n++) facts.addPeer(`peer-${n}.example`, 1000, seen.time)
    return true
  })
}

function measure(devices: Devices): void {
  for (const spread of [100, count]) {
    const rounds = 2_000_000
    const begin = process.hrtime.bigint()
    for (let n = 0; n < rounds; n++) {
      seen.low = (n * 7) % spread
      seen.word0 = (10 << 24) | seen.low
      seen.time = start + 1e7 + n
      devices.sighted(seen)
    }
    const each = Number(process.hrtime.bigint() - begin) / rounds
    show(`a known device is seen, one of ${spread}`, each, 'ns')
  }
}

/** A process of its own for each part, so that the memory of one is not that of another. */
function part(name: string, ...args: string[]): void {
  const self = process.argv[1] ?? ''
  spawnSync(process.execPath, [...process.execArgv, self, name, directory, ...args], {
    stdio: 'inherit',
  })
}

const [, , name, , facts] = process.argv
if (name === 'fill') {
  await fill(facts === 'facts')
} else if (name === 'read') {
  const { environment } = await open(true)
  await environment.close()
} else {
  for (const kind of ['addresses', 'facts']) {
    console.log(kind === 'facts' ? '-- names, DHCP, services, peers' : '-- an address each')
    part('fill', kind)
    part('read')
  }
  rmSync(directory, { recursive: true, force: true })
}
