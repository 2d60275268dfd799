import * as p from './packets.ts'

const client: p.End = { ip: '10.0.0.1', port: 40000, mac: '02:00:00:00:00:01' }
const server: p.End = { ip: '10.0.0.2', port: 443, mac: '02:00:00:00:00:02' }
const client6: p.End = { ...client, ip: 'fd00::1' }
const server6: p.End = { ...server, ip: 'fd00::2' }

const syn = () => p.tcp({ srcPort: 40000, dstPort: 80, flags: p.SYN, options: p.synOptions() })
const query = (name = 'www.example.com') => p.udp({ srcPort: 40000, dstPort: 53 }, p.dnsQuery(name))
const inner4 = () => p.ipv4({ src: '192.168.7.1', dst: '192.168.7.2' }, syn())
const inner6 = () => p.ipv6({ src: 'fd07::1', dst: 'fd07::2' }, syn())
const frame = (content: p.Content) => p.ethernet({}, content)
const on4 = (content: p.Content) => frame(p.ipv4({}, content))
const on6 = (content: p.Content, extensions: p.Extension[] = []) =>
  frame(p.ipv6({ extensions }, content))
const udp4 = (srcPort: number, dstPort: number, bytes: p.Bytes) =>
  on4(p.udp({ srcPort, dstPort }, bytes))
const innerFrame = () =>
  p.ethernet({ src: '02:00:00:00:00:aa', dst: '02:00:00:00:00:bb' }, inner4())

/** One Ethernet frame of every header combination, by name: seeds, truncation and parser tests. */
export function headerFrames(): Record<string, Uint8Array> {
  return { ...plainFrames(), ...ipv6Frames(), ...tunnelFrames(), ...rarerTunnels() }
}

function plainFrames(): Record<string, Uint8Array> {
  const options = p.u8(0x94, 4, 0, 0)
  return {
    arp: frame(p.arp({ senderIp: '10.0.0.1', targetIp: '10.0.0.2' })),
    'arp-reply': frame(p.arp({ operation: 2, senderIp: '10.0.0.2', targetIp: '10.0.0.1' })),
    vlan: frame(p.vlan({ id: 5 }, p.ipv4({}, syn()))),
    'vlan-arp': frame(p.vlan({ id: 5 }, p.arp({ senderIp: '10.0.0.1', targetIp: '10.0.0.2' }))),
    qinq: frame(p.vlan({ id: 9, tpid: p.TPID_8021AD }, p.vlan({ id: 5 }, p.ipv4({}, syn())))),
    'vlan-9100': frame(p.vlan({ id: 9, tpid: p.TPID_9100 }, p.vlan({ id: 5 }, p.ipv4({}, syn())))),
    'tcp-syn': on4(syn()),
    'tcp-data': on4(p.tcp({ srcPort: 40000, dstPort: 80, flags: p.PSH | p.ACK }, 'hello')),
    'tcp-rst': on4(p.tcp({ srcPort: 40000, dstPort: 80, flags: p.RST })),
    'ipv4-options': frame(p.ipv4({ options }, syn())),
    'ipv4-first-fragment': fragment4(0),
    'ipv4-last-fragment': fragment4(-1),
    udp: on4(query()),
    'udp-no-checksum': on4(p.udp({ srcPort: 40001, dstPort: 40002, checksum: 0 }, 'x')),
    'icmp-echo': on4(p.echo({ id: 7, seq: 1 })),
    'icmp-unreachable': on4(p.icmp({ type: 3, code: 3 }, p.raw(inner4()).subarray(0, 28))),
    sctp: on4(
      p.sctp({ srcPort: 2905, dstPort: 2905 }, p.concat(p.u32(1, 65536), p.u16(1, 1), p.u32(1))),
    ),
  }
}

function fragment4(which: number): Uint8Array {
  const layer = p.udp({ srcPort: 40000, dstPort: 53 }, p.dnsQuery(`${'a'.repeat(60)}.example`))
  return frame(p.ipv4Fragments({ id: 77 }, layer, 40).at(which) ?? '')
}

function ipv6Frames(): Record<string, Uint8Array> {
  const mac = '02:00:00:00:00:01'
  const ndp = (layer: p.Layer, dst = 'ff02::1') =>
    frame(p.ipv6({ src: 'fe80::1', dst, hopLimit: 255 }, layer))
  const fragments = p.ipv6Fragments({ id: 9 }, query('abcdefghijklmnop.qrstuvwxyz.example'), 32)
  return {
    'tcp6-syn': on6(syn()),
    udp6: on6(query()),
    'ipv6-hop-by-hop': on6(syn(), [p.hopByHop()]),
    'ipv6-routing': on6(syn(), [p.routing()]),
    'ipv6-destination': on6(syn(), [p.destinationOptions(2)]),
    'ipv6-ah': on6(syn(), [p.authentication()]),
    'ipv6-all': on6(syn(), [
      p.hopByHop(),
      p.routing(),
      p.destinationOptions(3),
      p.authentication(),
    ]),
    'ipv6-mobility': on6('', [p.mobility()]),
    'ipv6-first-fragment': frame(fragments[0] ?? ''),
    'ipv6-last-fragment': frame(fragments.at(-1) ?? ''),
    'icmp6-echo': on6(p.echo6({ id: 7 })),
    'ndp-ns': ndp(p.neighborSolicitation({ target: 'fe80::2', sourceMac: mac })),
    'ndp-na': ndp(p.neighborAdvertisement({ target: 'fe80::1', targetMac: mac, override: true })),
    'ndp-rs': ndp(p.routerSolicitation({ sourceMac: mac }), 'ff02::2'),
    'ndp-ra': ndp(
      p.routerAdvertisement({ sourceMac: mac, mtu: 1480, prefixes: [{ prefix: 'fd00::' }] }),
    ),
  }
}

function tunnelFrames(): Record<string, Uint8Array> {
  return {
    ipip: on4(inner4()),
    '6in4': on4(inner6()),
    '4in6': on6(inner4()),
    gre: on4(p.gre({}, inner4())),
    'gre-all': on4(p.gre({ key: 77, seq: 3, checksum: true }, inner6())),
    'gre-teb': on4(p.gre({}, innerFrame())),
    nvgre: on4(p.nvgre({ vsid: 5000, flow: 1 }, innerFrame())),
    'erspan-1': on4(p.erspan1(innerFrame())),
    'erspan-2': on4(p.erspan2({ session: 100, vlan: 5 }, innerFrame())),
    'erspan-3': on4(p.erspan3({ session: 100, vlan: 5 }, innerFrame())),
    'erspan-3-platform': on4(p.erspan3({ session: 100, platform: true }, innerFrame())),
    pptp: on4(p.pptp({ call: 17, ack: 5 }, inner4())),
    vxlan: on4(p.vxlan({ vni: 4096 }, innerFrame())),
    geneve: on4(p.geneve({ vni: 77 }, innerFrame())),
    'geneve-options': on4(p.geneve({ vni: 77, options: [p.fill(8, 1), p.fill(4, 2)] }, inner4())),
    gtpu: on4(p.gtpu({ teid: 0x1234 }, inner4())),
    'gtpu-extension': on4(
      p.gtpu({ teid: 0x1234, seq: 9, extensions: [{ type: 0x85, content: p.u8(0, 9) }] }, inner6()),
    ),
    pppoe: frame(p.pppoe({ session: 7 }, inner4())),
    pppoe6: frame(p.pppoe({ session: 7 }, inner6())),
    mpls: frame(p.mpls([100, 200], inner4())),
    teredo: on4(p.teredo({}, inner6())),
    'teredo-reply': on4(p.teredo({ srcPort: 80 }, inner6())),
    'teredo-all': on4(p.teredo({ authentication: true, origin: '192.0.2.1' }, inner6())),
    'vxlan-in-gre': on4(
      p.gre(
        {},
        p.ipv4({ src: '172.16.0.1', dst: '172.16.0.2' }, p.vxlan({ vni: 3 }, innerFrame())),
      ),
    ),
  }
}

function rarerTunnels(): Record<string, Uint8Array> {
  return {
    pbb: frame(p.pbb(0x123, innerFrame())),
    'fabric-path': frame(p.fabricPath(16, innerFrame())),
    trill: frame(p.trill(7, 0, innerFrame())),
    'trill-options': frame(p.trill(7, 2, innerFrame())),
    nsh: frame(p.nsh(1, inner6())),
    'nsh-ethernet': frame(p.nsh(1, innerFrame())),
    'cisco-metadata': frame(p.longTag(0x8909, p.u8(1, 1, 0, 1, 0, 5), inner4())),
    'e-tag': frame(p.longTag(0x893f, p.u8(0, 0, 0x10, 5, 0, 0), inner4())),
    'e-tag-vlan': frame(p.longTag(0x893f, p.u8(0, 0, 0x10, 5, 0, 0), p.vlan({ id: 6 }, inner4()))),
    macsec: frame(p.macsec({}, inner4())),
    'macsec-identifier': frame(p.macsec({ identifier: true }, inner6())),
    'macsec-encrypted': frame(p.macsec({ encrypts: true }, inner4())),
    l2tp: on4(p.l2tp({ tunnel: 5, session: 6 }, inner4())),
    'l2tp-all': on4(
      p.l2tp({ tunnel: 5, session: 6, length: true, sequence: true, offset: 3 }, inner6()),
    ),
    'ether-ip': on4(p.etherIp(innerFrame())),
    ayiya: on4(p.ayiya(4, 5, inner6())),
    'ayiya-large': on4(p.ayiya(9, 15, inner4())),
    lisp: on4(p.lisp(inner4())),
    lisp6: on6(p.lisp(inner6())),
    tzsp: on4(p.tzsp(innerFrame())),
    capwap: on4(p.capwap(innerFrame())),
    'capwap-radio': on4(p.capwap(p.wireless80211(inner4()), true)),
    'capwap-turned': on4(p.capwap(p.wireless80211(inner4(), { turned: true, qos: true }), true)),
    'capwap-protected': on4(p.capwap(p.wireless80211(inner4(), { protect: true }), true)),
    'vxlan-gpe': on4(p.vxlanGpe({ vni: 9, next: 2 }, inner6())),
    'vxlan-gpe-ethernet': on4(p.vxlanGpe({ vni: 9 }, innerFrame())),
    'vxlan-gpe-nsh': on4(p.vxlanGpe({ vni: 9, next: 4 }, p.nsh(2, inner4()))),
    'mpls-udp': on4(p.mplsUdp(p.mpls([300], inner4()))),
    'gre-vlan': on4(p.gre({}, p.vlan({ id: 7 }, inner4()))),
    'gre-nsh': on4(p.gre({}, p.nsh(3, innerFrame()))),
    'gre-wccp': on4(p.gre({ protocol: 0x883e }, p.raw(inner4()))),
    'gre-wccp2': on4(p.gre({ protocol: 0x883e }, p.concat(p.u32(0), inner4()))),
    ah4: on4({
      protocol: 51,
      bytes: p.concat(
        p.authentication().bytes(6),
        p.complete(syn(), p.ip('10.0.0.1'), p.ip('10.0.0.2')),
      ),
    }),
    'llc-ip': p.ethernet8023({}, p.concat(p.u8(6, 6, 3), inner4())),
  }
}

/** Datagrams of every application protocol that is recognised, by name. */
export function datagramFrames(): Record<string, Uint8Array> {
  const name = 'printer.local'
  const base = { clientMac: '02:00:00:00:00:01', hostname: 'laptop' }
  return {
    'dns-query': udp4(40000, 53, p.dnsQuery('www.example.com')),
    'dns-answer': udp4(53, 40000, p.dnsAnswer('www.example.com', everyRecord())),
    'dns-nxdomain': udp4(53, 40000, p.dnsAnswer('no.example.com', [], { rcode: 3 })),
    'mdns-query': udp4(5353, 5353, p.mdnsQuery('_ipp._tcp.local')),
    'mdns-answer': udp4(5353, 5353, p.mdnsAnnouncement([{ name, data: '10.0.0.9' }])),
    'llmnr-query': udp4(50000, 5355, p.llmnr('wpad')),
    'llmnr-answer': udp4(5355, 50000, p.llmnr('wpad', '10.0.0.9')),
    'nbns-query': udp4(137, 137, p.nbns('WORKGROUP')),
    'nbns-answer': udp4(137, 137, p.nbns('WORKGROUP', '10.0.0.9')),
    'quic-v1': udp4(50000, 443, p.quicInitial()),
    'quic-v2': udp4(50000, 443, p.quicInitial({ version: p.QUIC_V2 })),
    'quic-29': udp4(50000, 443, p.quicInitial({ version: p.QUIC_DRAFT_29, token: p.noise(40) })),
    'dhcp-discover': udp4(
      68,
      67,
      p.dhcp({ ...base, type: p.DHCP_DISCOVER, parameters: [1, 3, 6] }),
    ),
    'dhcp-offer': udp4(
      67,
      68,
      p.dhcp({ ...base, type: p.DHCP_OFFER, yourIp: '10.0.0.50', serverIp: '10.0.0.254' }),
    ),
    'dhcp-request': udp4(68, 67, p.dhcp({ ...base, type: p.DHCP_REQUEST, requested: '10.0.0.50' })),
    'dhcp-ack': udp4(
      67,
      68,
      p.dhcp({
        ...base,
        type: p.DHCP_ACK,
        yourIp: '10.0.0.50',
        serverIp: '10.0.0.254',
        router: '10.0.0.254',
        dns: ['10.0.0.253'],
        lease: 3600,
      }),
    ),
    'dhcp6-solicit': on6(
      p.udp(
        { srcPort: 546, dstPort: 547 },
        p.dhcp6({ type: p.DHCP6_SOLICIT, clientMac: base.clientMac, fqdn: 'laptop' }),
      ),
    ),
    'dhcp6-reply': on6(
      p.udp(
        { srcPort: 547, dstPort: 546 },
        p.dhcp6({
          type: p.DHCP6_REPLY,
          clientMac: base.clientMac,
          serverMac: '02:00:00:00:00:02',
          address: 'fd00::50',
        }),
      ),
    ),
  }
}

function everyRecord(): p.DnsRecord[] {
  const name = 'www.example.com'
  return [
    { name, type: 'CNAME', data: 'web.example.com' },
    { name: 'web.example.com', data: '192.0.2.1' },
    { name: 'web.example.com', type: 'AAAA', data: '2001:db8::1' },
    { name, type: 'TXT', data: ['v=spf1 -all', 'more'] },
    { name, type: 'MX', data: ['10', 'mail.example.com'] },
    { name: '_sip._tcp.example.com', type: 'SRV', data: ['1', '2', '5060', 'sip.example.com'] },
    { name: 'example.com', type: 'SOA', data: ['ns.example.com', 'host.example.com'] },
    { name: 'example.com', type: 'NS', data: 'ns.example.com' },
    { name: '1.2.0.192.in-addr.arpa', type: 'PTR', data: name },
  ]
}

/** Whole TCP conversations of every application protocol, by name. */
export function conversationFrames(): Record<string, Uint8Array[]> {
  const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com', alpn: ['h2'] }))
  const pq = p.tlsRecords(p.postQuantumHello())
  const big = p.tlsRecords(p.bigHello())
  const talk = (port: number, turns: p.Turn[]) =>
    p.tcpConversation({ client, server: { ...server, port } }, turns)
  const flight = p.serverFlight({ alpn: 'h2' })
  return {
    tls: talk(443, [
      { from: 'client', bytes: hello },
      { from: 'server', bytes: flight, cuts: [1460, 2920] },
    ]),
    'tls-pq': p.tcpConversation({ client: client6, server: server6, timestamps: true }, [
      { from: 'client', bytes: pq, cuts: [1400] },
      { from: 'server', bytes: p.tlsRecords(p.serverHello({ version: 0x0304, cipher: 0x1301 })) },
    ]),
    'tls-big': talk(443, [{ from: 'client', bytes: big, segments: p.segmentEvery(big, 1448) }]),
    'tls-records': talk(443, [
      {
        from: 'client',
        bytes: p.tlsRecords(p.clientHello({ sni: 'cut.example.com' }), { cuts: [3, 60] }),
      },
    ]),
    'tls-ssl2': talk(443, [{ from: 'client', bytes: p.ssl2Hello() }]),
    http: talk(80, [
      {
        from: 'client',
        bytes: p.httpRequest({ target: '/a?b=c', headers: { 'User-Agent': 'curl/8' } }),
      },
      { from: 'server', bytes: p.httpResponse({}, 'hello') },
      {
        from: 'client',
        bytes: p.httpRequest(
          { method: 'POST', target: '/form', headers: { 'Content-Length': '3' } },
          'a=b',
        ),
      },
      { from: 'server', bytes: p.httpResponse({ status: 404, reason: 'Not Found' }) },
    ]),
    ssh: talk(22, [
      { from: 'server', bytes: p.sshBanner() },
      { from: 'client', bytes: p.sshBanner('OpenSSH_9.6') },
      { from: 'client', bytes: p.sshKexInit() },
      { from: 'server', bytes: p.sshKexInit() },
    ]),
    'dns-tcp': talk(53, [
      { from: 'client', bytes: p.overTcp(p.dnsQuery('tcp.example.com', 'TXT')) },
      {
        from: 'server',
        bytes: p.overTcp(
          p.dnsAnswer(
            'tcp.example.com',
            [{ name: 'tcp.example.com', type: 'TXT', data: 'x'.repeat(200) }],
            { type: 'TXT' },
          ),
        ),
        cuts: [1, 30],
      },
    ]),
  }
}
