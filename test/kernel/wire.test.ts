import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../src/decode/record.ts'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { isRoot } from '../capture/support/root.ts'
import { datagramFrames, headerFrames } from '../generate/examples.ts'
import * as p from '../generate/packets.ts'
import { newPair } from './support/both.ts'
import { hostProbe, kernelProbe } from './support/probe.ts'
import { timeless } from './support/timeless.ts'
import { sendRaw, until, watch } from './support/wire.ts'

const syn = () => p.tcp({ srcPort: 40_000, dstPort: 80, flags: p.SYN })

/** The record without its times and its interface. */
function anonymous(record: Uint8Array): string {
  const bytes = Buffer.from(timeless(record), 'hex')
  bytes.fill(0, layout.event.at.ifindex, layout.event.at.ifindex + 4)
  return bytes.toString('hex')
}

describe.skipIf(!isRoot)('on a veth pair', () => {
  let space: Namespace

  beforeEach(() => {
    space = makeNamespace()
    space.ip('link', 'add', 'k0', 'type', 'veth', 'peer', 'name', 'k1')
    for (const name of ['k0', 'k1']) {
      space.ip('link', 'set', name, 'addrgenmode', 'none')
      space.ip('link', 'set', name, 'arp', 'off', 'up')
    }
    return () => space[Symbol.dispose]()
  })

  const tagged: [string, (packet: p.Layer) => p.Layer, number, number][] = [
    ['802.1Q', packet => p.vlan({ id: 5 }, packet), 5, 0],
    ['802.1Q of priority 7', packet => p.vlan({ id: 4094, priority: 7 }, packet), 4094, 0],
    ['802.1ad', packet => p.vlan({ id: 7, tpid: p.TPID_8021AD }, packet), 7, 0],
    ['QinQ', packet => p.vlan({ id: 9, tpid: p.TPID_8021AD }, p.vlan({ id: 5 }, packet)), 9, 5],
    ['two 802.1Q tags', packet => p.vlan({ id: 9 }, p.vlan({ id: 5 }, packet)), 9, 5],
  ]

  // On receipt the kernel moves the outer tag from the frame to the packet's metadata.
  test.each(tagged)('%s that the kernel took out of the frame', async (_, tag, vlan, innerVlan) => {
    using probe = kernelProbe()
    using _watch = watch(probe, space, 'k1', 'ingress')
    const ends = newPair(4)
    const frame = p.ethernet({}, tag(p.ipv4(ends, syn())))
    sendRaw(space, 'k0', [frame])
    await until(() => probe.counters().packets === 1)
    const [flow] = probe.events()
    expect(flow).toMatchObject({ kind: 'flow', sourceIp: ends.src, vlan, innerVlan })
    expect(flow).toMatchObject({ sourceBytes: frame.length, sourcePackets: 1, onLink: true })
  })

  test('a tag gives the same conversation, whether in the frame or taken out', async () => {
    using probe = kernelProbe()
    using _watch = watch(probe, space, 'k1', 'ingress')
    const frame = p.ethernet(
      {},
      p.vlan({ id: 5 }, p.ipv4(newPair(4), p.udp({ srcPort: 7, dstPort: 9 }))),
    )
    sendRaw(space, 'k0', [frame])
    await until(() => probe.counters().packets === 1)
    probe.feed(frame) // another interface: counted there
    expect(probe.flows()).toHaveLength(1)
    expect(probe.counters()).toMatchObject({ otherPath: 1 })
  })

  test('ARP in a VLAN', async () => {
    using probe = kernelProbe()
    using _watch = watch(probe, space, 'k1', 'ingress')
    const arp = p.arp({ senderIp: '10.0.0.1', targetIp: '10.0.0.2' })
    sendRaw(space, 'k0', [p.ethernet({}, p.vlan({ id: 5 }, arp))])
    await until(() => probe.counters().packets === 1)
    expect(probe.events()).toMatchObject([{ kind: 'arp', vlan: 5, sourceIp: '10.0.0.1' }])
  })

  test('egress and ingress are told apart', async () => {
    using probe = kernelProbe()
    using _out = watch(probe, space, 'k0', 'egress')
    using _in = watch(probe, space, 'k1', 'ingress')
    const [first, second] = [newPair(4), newPair(4)]
    sendRaw(space, 'k0', [p.ethernet({}, p.ipv4(first, syn()))])
    sendRaw(space, 'k1', [p.ethernet({}, p.ipv4(second, syn()))])
    await until(() => probe.counters().packets === 2)
    const flows = probe.events().filter(event => event.kind === 'flow')
    expect(flows).toMatchObject([{ egress: true, sourceIp: first.src }])
    expect(probe.counters()).toMatchObject({ otherPath: 1, flows: 1 })
  })

  test('headers and messages that do not lie in the first buffer of the packet', async () => {
    for (const name of ['k0', 'k1']) space.ip('link', 'set', name, 'mtu', '9000')
    using probe = kernelProbe()
    using host = hostProbe()
    using _watch = watch(probe, space, 'k1', 'ingress')
    const different: string[] = []
    let sent = 0
    for (const linear of [14, 20, 34, 47]) {
      for (const [name, frame] of Object.entries({ ...headerFrames(), ...datagramFrames() })) {
        // Tags are taken out, so nothing is left to compare; what is padded may be longer than a page.
        if (name.startsWith('vlan') || name === 'qinq') continue
        const long = p.concat(frame, p.fill(5000 - frame.length))
        sendRaw(space, 'k0', [long], linear)
        host.feed(long)
        sent++
        await until(() => probe.counters().packets === sent)
        const [here, there] = [probe, host].map(one => one.records().map(anonymous).join(' '))
        if (here !== there) different.push(`${name}, ${linear} bytes linear`)
      }
    }
    expect(different).toEqual([])
  })

  test('frames cut at every length, as a wire may bring them', async () => {
    using probe = kernelProbe({ tunnels: false })
    using _watch = watch(probe, space, 'k1', 'ingress')
    const { 'tcp-rst': _reset, ...frames } = { ...headerFrames(), ...datagramFrames() }
    let sent = 0
    for (const frame of Object.values(frames)) {
      // Shorter ones no interface sends; half a tag the kernel drops before any program.
      const least = frame[12] === 0x08 || frame[12] === 0x86 ? 14 : 20
      const parts = Array.from({ length: frame.length - least + 1 }, (_, i) =>
        frame.slice(0, least + i),
      )
      sendRaw(space, 'k0', parts)
      sent += parts.length
      await until(() => probe.counters().packets === sent)
      expect(probe.events().length).toBeGreaterThanOrEqual(0)
    }
    const { sent: records, malformed, notIp, fragmentsLost } = probe.counters()
    const counted = probe.flows().reduce((sum, flow) => sum + flow.packets, 0)
    expect(counted + records.arp + malformed + notIp + fragmentsLost).toBe(sent)
  })
})

describe.skipIf(!isRoot)('merged packets', () => {
  test('in a test run count as the frames that they stand for', () => {
    using probe = kernelProbe()
    const packet = p.ipv4(newPair(4), p.tcp({ srcPort: 40_000, dstPort: 80 }, p.fill(2500)))
    const frame = p.ethernet({}, packet)
    probe.feed(frame, { segments: 3, segmentSize: 1000 })
    expect(probe.counters()).toMatchObject({ packets: 3, bytes: 2500 + 3 * 54 })
    expect(probe.flows()).toMatchObject([
      { sourcePackets: 3, sourcePayload: 2500, sourceBytes: 2500 + 3 * 54 },
    ])
  })

  test.each([4, 6] as const)(
    'of a bulk transfer over IPv%i are counted as TCP counts its segments',
    async family => {
      using near = makeNamespace()
      using far = makeNamespace()
      near.ip('link', 'add', 'k0', 'type', 'veth', 'peer', 'name', 'k1', 'netns', far.name)
      const address = family === 4 ? ['198.51.100.1', '198.51.100.2'] : ['fd00::1', 'fd00::2']
      const length = family === 4 ? 24 : 64
      for (const [space, name, own] of [
        [near, 'k0', address[0]],
        [far, 'k1', address[1]],
      ] as const) {
        space.ip('link', 'set', name, 'addrgenmode', 'none')
        space.ip(
          'address',
          'add',
          `${own}/${length}`,
          'dev',
          name,
          ...(family === 6 ? ['nodad'] : []),
        )
        space.ip('link', 'set', name, 'up')
      }
      using probe = kernelProbe()
      using _in = watch(probe, far, 'k1', 'ingress')
      using _out = watch(probe, far, 'k1', 'egress')
      using server = start(
        far,
        `
      require('net').createServer(s => s.resume().on('end', () => s.end())).listen(5001, '${address[1]}', () => console.log('ready'))`,
      )
      await server.says('ready')
      using client = start(
        near,
        `
      const s = require('net').connect(5001, '${address[1]}')
      s.write(Buffer.alloc(${BULK}), () => console.log('written'))`,
      )
      await client.says('written')
      const { bytes, sent, received } = await settled(near)
      const flow = probe.flows().find(({ destinationPort }) => destinationPort === 5001)
      expect(flow).toMatchObject({ sourcePackets: sent, destinationPackets: received })
      // Ethernet, IP, TCP with timestamps; a SYN has 8 bytes of options more.
      const headers = 14 + (family === 4 ? 20 : 40) + 32
      expect(flow).toMatchObject({ sourcePayload: bytes, sourceBytes: bytes + headers * sent + 8 })
      expect(flow).toMatchObject({ destinationPayload: 0 })
      expect(flow?.destinationBytes).toBeGreaterThanOrEqual(headers * received + 8)
      const records = probe.events().filter(event => event.kind === 'flow' && event.protocol === 6)
      expect(records).toHaveLength(1)
      expect(probe.counters().packets).toBeGreaterThan(BULK / 1460)
    },
  )

  const BULK = 20_000_000

  /** What TCP says of the connection (RFC 4898 names it), once all is acknowledged. */
  async function settled(space: Namespace) {
    let found = { bytes: 0, sent: 0, received: 0 }
    await until(() => {
      const info = space.run('ss', '-tinH', 'dport', '=', ':5001')
      const value = (name: string) => Number(new RegExp(` ${name}:(\\d+)`).exec(info)?.[1] ?? 0)
      // Some segments may have been sent twice.
      found = { bytes: value('bytes_sent'), sent: value('segs_out'), received: value('segs_in') }
      return value('bytes_acked') >= BULK
    })
    return found
  }

  function start(space: Namespace, script: string) {
    const child: ChildProcess = spawn('ip', ['netns', 'exec', space.name, 'node', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return {
      async says(word: string): Promise<void> {
        if (!child.stdout) throw new Error('no output')
        const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
        expect(chunk.toString()).toContain(word)
      },
      [Symbol.dispose]: () => void child.kill(),
    }
  }
})
