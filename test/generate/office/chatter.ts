import { concat, u8, u16 } from '../bytes.ts'
import {
  type DnsRecord,
  dns,
  llmnr,
  mdnsAnnouncement,
  mdnsQuery,
  nbns,
  netbiosName,
} from '../dns.ts'
import { ipv4, ipv6 } from '../ip.ts'
import { ethernet } from '../link.ts'
import { routerAdvertisement, udp } from '../transport.ts'
import { GATEWAY } from './cast.ts'
import { EVERYONE, type Lan } from './lan.ts'
import { type Process } from './schedule.ts'
import { MINUTE, SECOND, type Station } from './station.ts'

// What devices tell everybody on the link.

const MDNS = {
  ip: '224.0.0.251',
  ip6: 'ff02::fb',
  mac: '01:00:5e:00:00:fb',
  mac6: '33:33:00:00:00:fb',
}
const LLMNR = { ip: '224.0.0.252', mac: '01:00:5e:00:00:fc' }
const SSDP = { ip: '239.255.255.250', mac: '01:00:5e:7f:ff:fa' }

/** A datagram to a group or to all, made once for each sender and content. */
function tell(
  lan: Lan,
  station: { readonly mac: string; readonly ip: string },
  to: { readonly ip: string; readonly mac: string; readonly port: number; readonly from?: number },
  key: string,
  make: () => Uint8Array,
): void {
  lan.repeat(`${station.mac} ${station.ip} ${key}`, () =>
    ethernet(
      { src: station.mac, dst: to.mac },
      ipv4(
        { src: station.ip, dst: to.ip, ttl: to.port === 5353 ? 255 : 1 },
        udp({ srcPort: to.from ?? to.port, dstPort: to.port }, make()),
      ),
    ),
  )
}

function mdns(lan: Lan, station: Station, key: string, make: () => Uint8Array): void {
  tell(lan, station, { ip: MDNS.ip, mac: MDNS.mac, port: 5353 }, `mdns ${key}`, make)
  if (station.part.ipv6 !== true || station.part.system === 'windows') return
  lan.repeat(`${station.mac} mdns6 ${key}`, () =>
    ethernet(
      { src: station.mac, dst: MDNS.mac6 },
      ipv6(
        { src: station.linkLocal, dst: MDNS.ip6, hopLimit: 255 },
        udp({ srcPort: 5353, dstPort: 5353 }, make()),
      ),
    ),
  )
}

/** What a device announces when it comes: its name, its services. */
export function* greet(lan: Lan, station: Station): Process {
  const { system } = station.part
  for (let i = 0; i < 2; i++) {
    if (system !== 'windows' && system !== 'android') mdnsName(lan, station)
    if (system === 'windows') netbiosRegistration(lan, station)
    yield lan.now + 1.2 * SECOND
  }
  if (system === 'windows') yield* lookForProxy(lan, station)
  if (system === 'macos' || system === 'ios') {
    mdns(lan, station, 'airplay?', () => mdnsQuery('_airplay._tcp.local', 'PTR', true))
    mdns(lan, station, 'printers?', () => mdnsQuery('_ipp._tcp.local'))
  }
}

function mdnsName(lan: Lan, station: Station): void {
  const host = `${station.name}.local`
  mdns(lan, station, `announce ${station.ip}`, () =>
    mdnsAnnouncement([
      { name: host, type: 'A', ttl: 120, data: station.ip },
      ...(station.part.ipv6
        ? [{ name: host, type: 'AAAA', ttl: 120, data: station.linkLocal } as const]
        : []),
      ...services(station, host),
    ]),
  )
}

function services({ name, part }: Station, host: string): DnsRecord[] {
  const list: Record<string, readonly (readonly [type: string, port: number])[]> = {
    printer: [
      ['_ipp._tcp.local', 631],
      ['_pdl-datastream._tcp.local', 9100],
    ],
    nas: [
      ['_smb._tcp.local', 445],
      ['_http._tcp.local', 5000],
    ],
    tv: [['_airplay._tcp.local', 7000]],
    camera: [['_http._tcp.local', 80]],
  }
  return (list[part.role] ?? []).flatMap(([type, port]): DnsRecord[] => {
    const instance = `${name}.${type}`
    return [
      { name: type, type: 'PTR', class: 1, ttl: 4500, data: instance },
      { name: instance, type: 'SRV', ttl: 120, data: ['0', '0', String(port), host] },
      { name: instance, type: 'TXT', ttl: 4500, data: ['txtvers=1'] },
    ]
  })
}

/** RFC 1002 4.2.2: a NetBIOS name is taken, three names of a workstation. */
function netbiosRegistration(lan: Lan, station: Station): void {
  for (const suffix of [0x00, 0x20]) {
    tell(lan, station, { ip: '192.168.10.255', mac: EVERYONE, port: 137 }, `nbns ${suffix}`, () => {
      const name = netbiosName(station.name, suffix)
      const data = concat(u16(0), u8(...station.ip.split('.').map(Number)))
      return dns({
        id: 0x5000 + suffix,
        flags: 0x2910,
        questions: [{ name, type: 'NB' }],
        additionals: [{ name, type: 'NB', ttl: 300_000, data }],
      })
    })
  }
}

/** Windows asks everybody for `wpad`. */
function* lookForProxy(lan: Lan, station: Station): Process {
  yield* lan.fail(station, 'wpad.office.example', 'office.example')
  for (let i = 0; i < 2; i++) {
    askLink(lan, station, 'wpad')
    yield lan.now + 0.4 * SECOND
  }
  tell(lan, station, { ip: '192.168.10.255', mac: EVERYONE, port: 137 }, 'nbns wpad', () =>
    nbns('WPAD', undefined, { suffix: 0 }),
  )
}

/** A single-label name by LLMNR. */
export function askLink(lan: Lan, station: Station, name: string): void {
  const to = { ...LLMNR, port: 5355, from: 50_000 + station.part.host }
  tell(lan, station, to, `llmnr ${name}`, () => llmnr(name))
}

/** Questions and announcements all day long. */
export function* chatter(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('chatter')
  const { role, system } = station.part
  const busy = role === 'printer' || role === 'nas' || role === 'tv' ? 22 : 14
  for (;;) {
    yield lan.now + dice.around(busy, 0.5) * MINUTE
    if (!station.online) continue
    if (role === 'laptop' || role === 'guest') yield* laptopChatter(lan, station)
    else if (system === 'ios')
      mdns(lan, station, 'sleep?', () => mdnsQuery('_sleep-proxy._udp.local'))
    else if (system === 'embedded' || role === 'nas') mdnsName(lan, station)
    if (role === 'tv' || role === 'nas') notify(lan, station)
  }
}

function* laptopChatter(lan: Lan, station: Station): Process {
  const { part, dice } = station
  if (part.system === 'windows' && dice.chance(0.4)) {
    askLink(lan, station, 'fileserver')
    yield lan.now + 0.1 * SECOND
    tell(lan, station, { ip: '192.168.10.255', mac: EVERYONE, port: 137 }, 'nbns fileserver', () =>
      nbns('FILESERVER'),
    )
  }
  if (part.system !== 'windows') {
    mdns(lan, station, 'services?', () => mdnsQuery('_services._dns-sd._udp.local'))
    mdns(lan, station, 'printers?', () => mdnsQuery('_ipp._tcp.local'))
    yield lan.now + 0.05 * SECOND
    for (const printer of lan.ofRole('printer')) mdnsName(lan, printer)
  }
  if (part.browser === 'chrome' && station.attended) yield* search(lan, station)
}

/** What Chrome and Windows look for media players with. */
function* search(lan: Lan, station: Station): Process {
  const to = { ...SSDP, port: 1900, from: 51_000 + station.part.host }
  const text =
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: urn:dial-multiscreen-org:service:dial:1\r\nUSER-AGENT: Chrome/145.0 Windows\r\n\r\n'
  for (let i = 0; i < 2; i++) {
    tell(lan, station, to, 'ssdp search', () => new TextEncoder().encode(text))
    yield lan.now + SECOND
  }
}

function notify(lan: Lan, station: Station): void {
  const text = `NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nLOCATION: http://${station.ip}:8200/rootDesc.xml\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nSERVER: Linux/5.4 UPnP/1.0\r\nUSN: uuid:${station.name}::upnp:rootdevice\r\n\r\n`
  tell(lan, station, { ...SSDP, port: 1900 }, 'ssdp notify', () => new TextEncoder().encode(text))
}

const GATEWAY6 = 'fe80::3ea6:2fff:fe51:8a1'

/** What the gateway says to all: its IPv6 prefix, and ARP for those it has not heard of for long. */
export function* gateway(lan: Lan): Process {
  const dice = lan.dice.fork('gateway')
  for (;;) {
    yield lan.now + dice.around(7, 0.4) * MINUTE
    lan.repeat('router advertisement', () =>
      ethernet(
        { src: GATEWAY.mac, dst: '33:33:00:00:00:01' },
        ipv6(
          { src: GATEWAY6, dst: 'ff02::1', hopLimit: 255 },
          routerAdvertisement({
            lifetime: 1800,
            sourceMac: GATEWAY.mac,
            mtu: 1500,
            prefixes: [{ prefix: 'fd00:10::' }],
          }),
        ),
      ),
    )
    for (const station of lan.stations.values()) {
      if (!station.online || !dice.chance(0.4)) continue
      yield lan.now + 1500
      lan.ask(GATEWAY, station.ip)
      yield lan.now + 300
      if (station.online) lan.answer(station, GATEWAY)
    }
  }
}
