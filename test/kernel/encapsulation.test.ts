import { expect, test } from 'vitest'
import { headerFrames } from '../generate/examples.ts'
import * as p from '../generate/packets.ts'
import { inBoth, newPair } from './support/both.ts'

/** Frame, the tunnel that is told, its id: the innermost. Tags are no tunnel. */
const found: readonly [string, string | undefined, number][] = [
  ['pbb', 'pbb', 0x123],
  ['fabric-path', 'fabricpath', 16],
  ['trill', 'trill', 7],
  ['trill-options', 'trill', 7],
  ['nsh', 'nsh', 1],
  ['nsh-ethernet', 'nsh', 1],
  ['cisco-metadata', undefined, 0],
  ['e-tag', undefined, 0],
  ['e-tag-vlan', undefined, 0],
  ['macsec', undefined, 0],
  ['macsec-identifier', undefined, 0],
  ['l2tp', 'l2tp', 0x50006],
  ['l2tp-all', 'l2tp', 0x50006],
  ['ether-ip', 'etherip', 0],
  ['ayiya', 'ayiya', 0],
  ['ayiya-large', 'ayiya', 0],
  ['lisp', 'lisp', 0],
  ['lisp6', 'lisp', 0],
  ['tzsp', 'tzsp', 0],
  ['capwap', 'capwap', 0],
  ['capwap-radio', 'capwap', 0],
  ['capwap-turned', 'capwap', 0],
  ['vxlan-gpe', 'vxlan', 9],
  ['vxlan-gpe-ethernet', 'vxlan', 9],
  ['vxlan-gpe-nsh', 'nsh', 2],
  ['mpls-udp', 'mpls', 300],
  ['gre-vlan', 'gre', 0],
  ['gre-nsh', 'nsh', 3],
  ['gre-wccp', 'gre', 0],
  ['gre-wccp2', 'gre', 0],
  ['llc-ip', undefined, 0],
  ['ah4', undefined, 0],
]

/** Those of the inner conversation, 40000 and 80; each test has a source port of its own. */
const ports = Buffer.from('9c400050', 'hex')
let nextPort = 20_000

inBoth('what carries a conversation', probe => {
  test.each(found)('%s is looked into', (name, tunnel, id) => {
    const frame = Buffer.from(headerFrames()[name] ?? '')
    const port = nextPort++
    frame.writeUInt16BE(port, frame.indexOf(ports))
    probe().skip()
    probe().feed(frame)
    const inner = probe()
      .events()
      .find(event => event.kind === 'flow' && event.packet.destinationPort === 80)
    expect(inner?.packet).toMatchObject({ sourcePort: port, tunnelName: tunnel, tunnelId: id })
  })

  test.each([
    ['GRE', (arp: p.Layer) => p.gre({}, arp)],
    ['GENEVE', (arp: p.Layer) => p.geneve({ vni: 5 }, arp)],
  ])('ARP right in %s is told', (_, wrap) => {
    const arp = p.arp({ senderIp: '192.168.7.1', targetIp: '192.168.7.2' })
    probe().skip()
    probe().feed(p.ethernet({}, p.ipv4(newPair(4), wrap(arp))))
    const [found] = probe()
      .events()
      .filter(event => event.kind === 'arp')
    expect(found?.packet.sourceIp).toBe('192.168.7.1')
  })

  test('a protected frame of a radio is nothing to follow', () => {
    probe().skip()
    probe().feed(headerFrames()['capwap-protected'] ?? new Uint8Array())
    const flows = probe()
      .events()
      .filter(event => event.kind === 'flow')
    expect(flows.every(({ packet }) => packet.destinationPort === 5247)).toBe(true)
  })

  test('an encrypted MACsec frame is nothing to follow', () => {
    probe().skip()
    const before = probe().counters().notIp
    probe().feed(headerFrames()['macsec-encrypted'] ?? new Uint8Array())
    expect(probe().events()).toEqual([])
    expect(probe().counters().notIp).toBe(before + 1)
  })

  // A client may have the port of a tunnel by chance.
  test.each([1701, 4341, 4790, 5072, 5247, 6635, 37_008])(
    'other content on port %i stays what it is',
    port => {
      probe().skip()
      const content = Uint8Array.from({ length: 120 }, (_, i) => (i * 37 + port) & 255)
      probe().feed(
        p.ethernet({}, p.ipv4(newPair(4), p.udp({ srcPort: 4, dstPort: port }, content))),
      )
      const [event] = probe().events()
      expect([event?.packet.sourcePort, event?.packet.destinationPort]).toContain(port)
      expect(event?.packet.tunnelName).toBeUndefined()
    },
  )
})
