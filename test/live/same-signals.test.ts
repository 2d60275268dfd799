import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { random } from '../detectors/names.ts'
import { everySignal } from '../detectors/replayed.ts'
import * as p from '../generate/packets.ts'
import { selfSigned } from './support/authority.ts'
import { attacker, gateway, type Host, have, internet, LinkLab, victim } from './support/link.ts'
import { parseLines } from './support/sensor.ts'

const execute = promisify(execFile)

/** A signal, as an alert of a rule that lets all of them through. */
interface Told {
  readonly rule?: { readonly name: string }
  readonly orthrus: {
    readonly signal: {
      readonly id: string
      readonly name: string
      readonly score: number
      readonly entity: string
      readonly evidence: Readonly<Record<string, unknown>>
    }
  }
}
type Signal = Told['orthrus']['signal']

/** Seconds and what is made of them: tcpdump's clock reads a packet some µs after the kernel program's. */
const timed = ['seconds', 'rate']

/** What a signal says, time aside. */
function said({ name, score, entity, evidence }: Signal): string {
  const facts = Object.entries(evidence).filter(([key]) => !timed.includes(key))
  return JSON.stringify({ name, score, entity, facts })
}

function signalsOf(text: string): Signal[] {
  const all = parseLines(text) as unknown as Told[]
  return all.filter(({ rule }) => rule?.name === 'Signal').map(({ orthrus }) => orthrus.signal)
}

/** Scans, a tunnel in pings, one in names, a certificate of nobody: all through the victim's port. */
async function attacks(lab: LinkLab): Promise<void> {
  await lab.run(attacker, 'nmap', '-n', '-sS', '-Pn', '-p', '1-200', victim.ip)
  await lab.run(attacker, 'nmap', '-n', '-sn', '192.0.2.0/24')
  await names(lab)
  await pings(lab)
  await visit(lab)
}

async function names(lab: LinkLab): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const name = `${random(i, 40)}.example.net`
    const layer = p.udp({ srcPort: 30_000 + i, dstPort: 53 }, p.dnsQuery(name, 'TXT'))
    send(lab, victim, gateway, layer)
    await sleep(10)
  }
}

async function pings(lab: LinkLab): Promise<void> {
  for (let seq = 0; seq < 40; seq++) {
    send(lab, victim, internet, p.echo({ id: 9, seq }, new Uint8Array(100).fill(seq)))
    const reply = p.echo({ id: 9, seq, reply: true }, new Uint8Array(1000).fill(seq))
    send(lab, internet, victim, reply)
    await sleep(10)
  }
}

function send(lab: LinkLab, from: Host, to: Host, layer: ReturnType<typeof p.udp>): void {
  const packet = p.ipv4({ src: from.ip, dst: to.ip }, layer)
  const near = (host: Host) => (host === internet ? gateway : host)
  lab.frame(near(from), p.ethernet({ src: near(from).mac, dst: near(to).mac }, packet))
}

async function visit(lab: LinkLab): Promise<void> {
  const { keyFile, certFile } = selfSigned(lab.directory, 'localhost')
  const pair = ['-key', keyFile, '-cert', certFile]
  lab.start(internet, 'openssl', 's_server', '-accept', '4444', ...pair, '-www', '-tls1_2')
  await lab.listening(internet, 4444)
  await lab.run(victim, 'curl', '-sk', '-m', '10', `https://${internet.ip}:4444/`)
}

/** A capture (classic, µs, as tcpdump writes it here) with all times so many seconds later. */
function later(file: string, seconds: number): Buffer {
  const bytes = readFileSync(file)
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4)
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    bytes.writeUInt32LE(bytes.readUInt32LE(at) + seconds, at)
  }
  return bytes
}

describe.skipIf(!isRoot || !have('nmap', 'tcpdump', 'openssl', 'curl'))('one traffic', () => {
  test('gives the same signals live, from a recording, and again', {
    timeout: 180_000,
  }, async () => {
    await using lab = new LinkLab()
    const [file, shifted, rule] = ['one.pcap', 'later.pcap', 'signal.yml'].map(one => lab.path(one))
    writeFileSync(rule ?? '', everySignal)
    const sensor = await lab.watch(`rules: { shipped: false, paths: [${rule}] }\n`)
    const stop = await lab.record(file ?? '')
    await attacks(lab)
    await sleep(7000) // until all conversations have ended
    await stop()
    expect(await sensor.end()).toBe(0)
    expect(sensor.summary.orthrus.sensor.missed).toEqual({})

    const replay = async (capture = '') => {
      const { stdout } = await execute('bin/orthrus', ['replay', '-c', lab.config, capture])
      return signalsOf(stdout)
    }
    const live = signalsOf(sensor.stdout)
    const replayed = await replay(file)
    const names = new Set(live.map(({ name }) => name))
    expect(names).toEqual(
      new Set(['port-scan', 'host-sweep', 'dns-tunnel', 'icmp-tunnel', 'tls-anomaly']),
    )
    expect(replayed.map(said).sort()).toEqual(live.map(said).sort())
    expect(await replay(file)).toEqual(replayed)

    // Ids differ where a time is part of what a signal is about, and nowhere else: what keeps its id
    // in the same packets an hour later keeps it by another clock (which may agree to the µs by chance).
    writeFileSync(shifted ?? '', later(file ?? '', 3600))
    const hence = await replay(shifted)
    expect(hence.map(said).sort()).toEqual(replayed.map(said).sort())
    const kept = (others: readonly Signal[]) => {
      const ids = new Set(others.map(({ id }) => id))
      return replayed.filter(({ id }) => ids.has(id)).map(said)
    }
    expect(kept(hence).length).toBeGreaterThan(0)
    expect(kept(live)).toEqual(expect.arrayContaining(kept(hence)))
  })
})
