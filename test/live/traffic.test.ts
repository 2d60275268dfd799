import { openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import {
  arp,
  dnsQuery,
  echo,
  ethernet,
  httpRequest,
  httpResponse,
  ipv4,
  udp,
  vlan,
} from '../generate/packets.ts'
import { Lab, peerMac, sensorMac } from './support/lab.ts'
import { parseLines } from './support/sensor.ts'

const peer = '02-00-5E-00-53-02'
/** What could steer a terminal: everything of C0 and C1 but the line feed. */
const control = /(?!\n)\p{Cc}/u

/** ARP, TCP, UDP, ICMP, IPv6 with NDP, and a tagged frame: all from the peer. */
async function traffic(lab: Lab): Promise<void> {
  lab.serve(8000, Buffer.from(httpResponse({}, 'hello')).toString('latin1'))
  await http(lab, '192.0.2.1')
  await http(lab, '2001:db8::1')
  await lab.fromPeer('printf "a datagram" > /dev/udp/192.0.2.1/5353')
  fromPeer(lab, echo({ id: 7, seq: 1 }))
  fromPeer(lab, udp({ srcPort: 40_000, dstPort: 53 }, dnsQuery('www.example.com')))
  const question = { senderMac: peerMac, senderIp: '192.0.2.2', targetIp: '192.0.2.77' }
  const dst = 'ff:ff:ff:ff:ff:ff'
  lab.frame(ethernet({ src: peerMac, dst }, vlan({ id: 7 }, arp(question))))
}

async function http(lab: Lab, host: string, request = httpRequest()): Promise<void> {
  const text = [...request].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  await lab.fromPeer(`exec 3<>/dev/tcp/${host}/8000; printf '${text}' >&3; cat <&3 >/dev/null`)
}

function fromPeer(lab: Lab, layer: ReturnType<typeof udp>): void {
  const ends = { src: '192.0.2.2', dst: '192.0.2.1' }
  lab.frame(ethernet({ src: peerMac, dst: sensorMac }, ipv4(ends, layer)))
}

describe.skipIf(!isRoot)('run, between two network namespaces', () => {
  test('shows the network coming to life, and one alert for the one new device', async () => {
    await using lab = new Lab()
    const sensor = await lab.run([
      '-i',
      'w0',
      '--learn',
      '0',
      '--state',
      lab.path('s'),
      '-o',
      'text',
    ])
    await traffic(lab)
    const lines = [
      /NEW .* is 02-00-5E-00-53-02 \(randomised MAC\)/,
      /192\.0\.2\.2 is (also )?02-00-5E-00-53-02/,
      'ARP    192.0.2.2 asks for 192.0.2.1',
      'HTTP   192.0.2.2 → 192.0.2.1:8000',
      'HTTP   2001:db8::2 → [2001:db8::1]:8000',
      'NDP    2001:db8::2 asks for 2001:db8::1',
      'MDNS   192.0.2.2 → 192.0.2.1:5353',
      'DNS    192.0.2.2 → 192.0.2.1:53',
      'ICMP   192.0.2.2 → 192.0.2.1 echo-request',
      '[w0.7] ARP    192.0.2.2 asks for 192.0.2.77',
      'ALERT medium   New Device on the Network',
    ]
    for (const line of lines) await sensor.says('stdout', line)
    expect(await sensor.end('SIGINT')).toBe(0)
    const barks = sensor.stdout.match(/ALERT .*New Device.*/g)
    expect(barks).toEqual([expect.stringContaining(peer)])
    expect(sensor.stderr).toMatch(/^\d\d:\d\d:\d\d watching w0 \(tcx, 192\.0\.2\.1\/24, /m)
    expect(sensor.stderr).toMatch(/missed {4}nothing/)
    expect(sensor.stdout).not.toMatch(control)
    expect(sensor.stderr).not.toMatch(control)
  })

  test('sends the alert within a second of its packet to stdout and to the file', async () => {
    await using lab = new Lab()
    const [out, file] = [lab.path('stdout.jsonl'), lab.path('alerts.jsonl')]
    writeFileSync(
      lab.path('orthrus.yaml'),
      `capture: { interfaces: [w0] }
devices: { learning: 0 }
state: { directory: ${lab.path('s')} }
sinks:
  screen: { type: console }
  file: { type: file, path: ${file} }
`,
    )
    const stdout = openSync(out, 'w')
    const sensor = await lab.run(['-c', lab.path('orthrus.yaml')], { stdout })
    await lab.fromPeer('echo x > /dev/udp/192.0.2.1/5353')
    for (const path of [out, file]) {
      await sensor.until(() => statSync(path).size > 0, `nothing in ${path}`)
      const [alert] = parseLines(readFileSync(path, 'utf8'))
      // The file's time is that of its last alert, so that of the first is no later.
      const ms = statSync(path).mtimeMs - Date.parse(alert?.['@timestamp'] ?? '')
      expect(ms).toBeLessThan(1000)
      expect(ms).toBeGreaterThan(-20) // the clock of files ticks coarsely
      expect(alert).toMatchObject({
        event: { kind: 'alert', action: 'device-new' },
        source: { mac: peer },
        observer: { ingress: { interface: { name: 'w0' } } },
      })
    }
    expect(await sensor.end()).toBe(0)
    const documents = parseLines(readFileSync(out, 'utf8'))
    const alerts = documents.filter(({ event }) => event.kind === 'alert')
    expect(alerts.filter(({ event }) => event.action === 'device-new')).toHaveLength(1)
    expect(parseLines(readFileSync(file, 'utf8'))).toEqual(alerts)
    const delivered = alerts.length
    expect(documents.at(-1)?.orthrus.sensor).toMatchObject({
      devices: { known: 2, new: 1 },
      alerts: {
        raised: delivered,
        waiting: 0,
        sinks: { screen: { delivered }, file: { delivered } },
      },
      missed: {},
    })
  })

  test('loses no record and no packet of two thousand conversations', async () => {
    await using lab = new Lab()
    const sensor = await lab.run(['-i', 'w0', '--state', lab.path('s')])
    await lab.fromPeer(
      'for i in {1..2000}; do echo x > /dev/udp/192.0.2.1/$((20000 + i)); done 2>/dev/null',
    )
    expect(await sensor.end()).toBe(0)
    const { missed, flows, packets } = sensor.summary.orthrus.sensor
    expect(missed).toEqual({})
    expect(flows.started).toBeGreaterThanOrEqual(2000)
    expect(packets).toBeGreaterThanOrEqual(2000)
    // Starts, and at the end every conversation with its totals.
    expect(flows.ended).toBe(flows.started)
  })

  test('tells what it costs in the kernel, where the kernel counts that', async () => {
    const path = '/proc/sys/kernel/bpf_stats_enabled'
    const before = readFileSync(path, 'utf8')
    writeFileSync(path, '1')
    try {
      await using lab = new Lab()
      const sensor = await lab.run(['-i', 'w0', '--state', lab.path('s')])
      await traffic(lab)
      expect(await sensor.end()).toBe(0)
      const { kernel_ns_per_packet: cost } = sensor.summary.orthrus.sensor.overhead
      expect(cost).toBeGreaterThan(0)
    } finally {
      writeFileSync(path, before)
    }
  })

  test('strings on the wire cannot steer a terminal', async () => {
    await using lab = new Lab()
    const args = ['-i', 'w0', '--learn', '0', '--state', lab.path('s'), '-o', 'text']
    const sensor = await lab.run(args)
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n'
    lab.serve(8000, `HTTP/1.1 200 ${hostile}\r\nServer: ${hostile}\r\n\r\n`)
    const head = `GET /${hostile} HTTP/1.1\r\nHost: ${hostile}\r\nUser-Agent: ${hostile}\r\n\r\n`
    await http(lab, '192.0.2.1', Buffer.from(head))
    fromPeer(lab, udp({ srcPort: 40_000, dstPort: 53 }, dnsQuery(`${hostile}.example.com`)))
    await sensor.says('stdout', 'DNS')
    await sensor.says('stdout', 'HTTP')
    expect(await sensor.end()).toBe(0)
    expect(sensor.stdout).not.toMatch(control)
    expect(sensor.stderr).not.toMatch(control)
  })
})
