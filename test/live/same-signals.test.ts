import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
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

/** An alert; of a signal where it has one. */
interface Told {
  readonly event: { readonly kind: string; readonly id: string }
  readonly rule?: { readonly name: string }
  readonly orthrus: {
    readonly signal?: {
      readonly id: string
      readonly name: string
      readonly score: number
      readonly entity: string
      readonly evidence: Readonly<Record<string, unknown>>
    }
  }
}
type Signal = NonNullable<Told['orthrus']['signal']>

/**
 * Seconds and what is made of them: tcpdump's clock reads a packet some µs after the kernel program's.
 * And what came first of what was over at once: it is told in the order of the kernel's table.
 */
const timed = ['seconds', 'rate', 'first_ports', 'first_hosts']

/** What a signal says, time aside, and its id. */
function said({ id, name, score, entity, evidence }: Signal): string {
  const facts = Object.entries(evidence).filter(([key]) => !timed.includes(key))
  return JSON.stringify({ id, name, score, entity, facts })
}

/** Every signal by a rule that lets all of them through, and every alert of the others by its id. */
function found(text: string) {
  const all = parseLines(text) as unknown as Told[]
  const alerts = all.filter(({ event, rule }) => event.kind === 'alert' && rule !== undefined)
  const signals = alerts.flatMap(({ rule, orthrus }) =>
    rule?.name === 'Signal' && orthrus.signal !== undefined ? [orthrus.signal] : [],
  )
  const ids = alerts.map(({ rule, event }) => `${rule?.name} ${event.id}`)
  return {
    signals: signals.map(said).sort(),
    names: signals.map(({ name }) => name),
    ids: ids.sort(),
  }
}

/** What the tests of detectors do one by one: all through the victim's port. */
async function attacks(lab: LinkLab): Promise<void> {
  await lab.run(victim, 'ping', '-c', '2', '-W', '1', gateway.ip)
  await lab.run(attacker, 'nmap', '-n', '-sS', '-Pn', '-p', '1-200', victim.ip)
  await lab.run(attacker, 'nmap', '-n', '-sX', '-Pn', '-p', '1-60', gateway.ip)
  await lab.run(victim, 'nmap', '-n', '-sN', '-Pn', '-p', '1-60', gateway.ip)
  await lab.run(attacker, 'nmap', '-n', '-sn', '192.0.2.0/24')
  await lab.run(attacker, 'hping3', '-S', '-p', '80', '-i', 'u500', '-c', '5000', '-q', victim.ip)
  await names(lab)
  await pings(lab)
  await guesses(lab)
  await visit(lab)
  offers(lab)
  lies(lab) // from here on nobody reaches the gateway
}

/** The attacker's card claims the gateway's address, unasked. */
function lies(lab: LinkLab): void {
  const senderMac = attacker.mac
  const content = p.arp({
    operation: 2,
    senderMac,
    senderIp: gateway.ip,
    targetMac: victim.mac,
    targetIp: victim.ip,
  })
  for (let i = 0; i < 3; i++) {
    lab.frame(attacker, p.ethernet({ src: senderMac, dst: victim.mac }, content))
  }
}

/** Two servers answer one client's question. */
function offers(lab: LinkLab): void {
  for (const host of [gateway, attacker]) {
    const layer = p.dhcp({
      type: p.DHCP_OFFER,
      clientMac: victim.mac,
      xid: 77,
      serverIp: host.ip,
      yourIp: '192.0.2.99',
      router: host.ip,
    })
    const packet = p.udp({ srcPort: 67, dstPort: 68 }, layer)
    const ends = { src: host.ip, dst: '255.255.255.255' }
    lab.frame(host, p.ethernet({ src: host.mac, dst: 'ff:ff:ff:ff:ff:ff' }, p.ipv4(ends, packet)))
  }
}

/** Twenty log-ins that a server of FTP refuses. */
async function guesses(lab: LinkLab): Promise<void> {
  const server = createServer(socket => {
    socket.on('error', () => undefined).end('220 ready\r\n331 whose\r\n530 no\r\n')
  })
  lab.space(victim).inside(() => server.listen(21))
  const log = `for i in $(seq 20); do
    exec 3<>/dev/tcp/${victim.ip}/21; printf 'USER root\\r\\nPASS %s\\r\\n' $i >&3; cat <&3 >/dev/null; exec 3>&-
  done`
  await lab.run(attacker, 'bash', '-c', log)
  server.close()
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

/** Scans that nobody answers: they are over when the sensor stops waiting for an answer. */
async function unanswered(lab: LinkLab): Promise<void> {
  const once = ['-n', '-Pn', '--max-retries', '0']
  await lab.run(attacker, 'nmap', ...once, '-sU', '-p', '100-150', victim.ip)
  await lab.run(victim, 'nmap', ...once, '-sS', '-p', '1-100', '198.51.100.99')
}

/** What a live sensor finds in attacks, and two replays of what tcpdump recorded of them. */
async function threeTimes(attack: (lab: LinkLab) => Promise<void>) {
  await using lab = new LinkLab()
  const [file = '', rule = ''] = ['one.pcap', 'signal.yml'].map(one => lab.path(one))
  writeFileSync(rule, everySignal)
  const sensor = await lab.watch(`rules: { paths: [${rule}] }\n`)
  const stop = await lab.record(file)
  await attack(lab)
  await sleep(7000) // until all conversations have ended
  await stop()
  expect(await sensor.end()).toBe(0)
  expect(sensor.summary.orthrus.sensor.missed).toEqual({})
  const replay = async () => {
    const words = ['replay', '-c', lab.config, file]
    const { stdout } = await execute('bin/orthrus', words, { maxBuffer: 1e8 })
    return found(stdout)
  }
  return [found(sensor.stdout), await replay(), await replay()] as const
}

const here = isRoot && have('nmap', 'hping3', 'tcpdump', 'openssl', 'curl')

describe.skipIf(!here)(
  'live, from a recording, and again the same signals and alerts, ids included:',
  () => {
    test('of attacks of nine kinds', { timeout: 240_000 }, async () => {
      const [live, replayed, again] = await threeTimes(attacks)
      expect(new Set(live.names)).toEqual(
        new Set([
          'arp-spoof',
          'brute-force',
          'dhcp-rogue',
          'dns-tunnel',
          'flood',
          'host-sweep',
          'icmp-tunnel',
          'port-scan',
          'tls-anomaly',
        ]),
      )
      expect(replayed).toEqual(live)
      expect(again).toEqual(live)
      expect(new Set(live.ids).size).toBe(live.ids.length)
      // By the rules that are shipped, too.
      expect(live.ids.length).toBeGreaterThan(live.signals.length)
    })

    test('of scans that nobody answers', { timeout: 240_000 }, async () => {
      const [live, replayed, again] = await threeTimes(unanswered)
      expect(live.names).toEqual(['port-scan', 'port-scan'])
      expect(replayed).toEqual(live)
      expect(again).toEqual(live)
    })
  },
)
