import { DHCP_ACK, DHCP_DISCOVER, DHCP_OFFER, DHCP_REQUEST, dhcp } from '../application.ts'
import { concat, mac, u8 } from '../bytes.ts'
import { ipv4, ipv6 } from '../ip.ts'
import {
  neighborAdvertisement,
  neighborSolicitation,
  routerSolicitation,
  udp,
} from '../transport.ts'
import { GATEWAY, type System } from './cast.ts'
import { EVERYONE, type Lan, solicitedNode, solicitedNodeMac } from './lan.ts'
import { type Process } from './schedule.ts'
import { HOUR, SECOND, type Station } from './station.ts'

interface Fingerprint {
  readonly parameters: readonly number[]
  readonly vendor?: string
}

const fingerprints: Readonly<Record<System, Fingerprint>> = {
  windows: {
    parameters: [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
    vendor: 'MSFT 5.0',
  },
  macos: { parameters: [1, 121, 3, 6, 15, 108, 114, 119, 252, 95, 44, 46] },
  ios: { parameters: [1, 121, 3, 6, 15, 108, 114, 119, 252] },
  android: {
    parameters: [1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108],
    vendor: 'android-dhcp-14',
  },
  linux: { parameters: [1, 2, 6, 12, 15, 26, 28, 121, 3, 33, 40, 41, 42, 119, 249, 252, 17] },
  embedded: { parameters: [1, 3, 6, 12, 15, 28, 42], vendor: 'udhcp 1.31.1' },
}

interface Offer {
  readonly server: { readonly mac: string; readonly ip: string }
  readonly router: string
  readonly dns: readonly string[]
}

const OURS: Offer = { server: GATEWAY, router: GATEWAY.ip, dns: [GATEWAY.ip] }

function leaseOf({ part }: Station): number {
  return (part.role === 'phone' || part.role === 'guest' ? 8 : 24) * HOUR
}

/** A DHCP message of a client. */
export function fromClient(
  lan: Lan,
  client: { readonly mac: string; readonly ip?: string },
  message: Uint8Array,
): void {
  const renewing = client.ip !== undefined
  lan.wire.send(
    client.mac,
    renewing ? GATEWAY.mac : EVERYONE,
    ipv4(
      { src: client.ip ?? '0.0.0.0', dst: renewing ? GATEWAY.ip : '255.255.255.255' },
      udp({ srcPort: 68, dstPort: 67 }, message),
    ),
  )
}

/** An offer or ACK of a server to a client that may have no address yet. */
export function fromServer(
  lan: Lan,
  client: { readonly mac: string; readonly ip: string },
  type: number,
  xid: number,
  lease: number,
  { server, router, dns }: Offer = OURS,
): void {
  const message = dhcp({
    type,
    xid,
    clientMac: client.mac,
    yourIp: client.ip,
    serverIp: server.ip,
    router,
    dns,
    lease: lease / SECOND,
  })
  const datagram = udp({ srcPort: 67, dstPort: 68 }, message)
  lan.wire.send(server.mac, client.mac, ipv4({ src: server.ip, dst: client.ip }, datagram))
}

/** What a client says of itself in each message. */
export function clientFacts({ part, mac: address }: Station) {
  const print = fingerprints[part.system]
  return {
    clientMac: address,
    hostname: part.name,
    clientId: concat(u8(1), mac(address)),
    parameters: print.parameters,
    ...(print.vendor !== undefined && { vendor: print.vendor }),
  }
}

/** Comes onto the network: address, probes, announcements, IPv6. */
export function* join(lan: Lan, station: Station): Process {
  const { dice, part } = station
  const xid = dice.word()
  const lease = leaseOf(station)
  const facts = clientFacts(station)
  const { ip } = station
  if (station.leaseUntil <= lan.now) {
    fromClient(lan, { mac: station.mac }, dhcp({ ...facts, type: DHCP_DISCOVER, xid }))
    yield lan.now + dice.int(2000, 60_000)
    fromServer(lan, station, DHCP_OFFER, xid, lease)
    yield lan.now + dice.int(500, 4000)
    const chosen = { requested: ip, serverIp: GATEWAY.ip }
    fromClient(lan, { mac: station.mac }, dhcp({ ...facts, ...chosen, type: DHCP_REQUEST, xid }))
  } else {
    // RFC 2131 4.3.2: a client that was here asks for its address again.
    fromClient(
      lan,
      { mac: station.mac },
      dhcp({ ...facts, requested: ip, type: DHCP_REQUEST, xid }),
    )
  }
  yield lan.now + dice.int(1000, 9000)
  fromServer(lan, station, DHCP_ACK, xid, lease)
  station.leaseUntil = lan.now + lease
  yield* announce(lan, station)
  if (part.ipv6 === true) yield* join6(lan, station)
  station.online = true
}

/** RFC 5227: asks whether the address is free, then says whose it is. */
function* announce(lan: Lan, station: Station): Process {
  const probe = { mac: station.mac, ip: '0.0.0.0' }
  for (let i = 0; i < 3; i++) {
    yield lan.now + station.dice.around(0.8, 0.4) * SECOND
    lan.ask(probe, station.ip)
  }
  for (let i = 0; i < 2; i++) {
    yield lan.now + 2 * SECOND
    lan.ask(station, station.ip)
  }
}

/** RFC 4862: duplicate address detection and router solicitation. */
function* join6(lan: Lan, station: Station): Process {
  for (const target of [station.linkLocal, station.ula]) {
    lan.wire.send(
      station.mac,
      solicitedNodeMac(target),
      ipv6(
        { src: '::', dst: solicitedNode(target), hopLimit: 255 },
        neighborSolicitation({ target }),
      ),
    )
    yield lan.now + 0.4 * SECOND
    lan.wire.send(
      station.mac,
      '33:33:00:00:00:01',
      ipv6(
        { src: target, dst: 'ff02::1', hopLimit: 255 },
        neighborAdvertisement({ target, targetMac: station.mac, override: true }),
      ),
    )
    if (target === station.linkLocal) {
      lan.wire.send(
        station.mac,
        '33:33:00:00:00:02',
        ipv6(
          { src: station.linkLocal, dst: 'ff02::2', hopLimit: 255 },
          routerSolicitation({ sourceMac: station.mac }),
        ),
      )
      yield lan.now + 0.1 * SECOND
    }
  }
}

/** Renews the lease at its half for as long as the station is online. */
export function* renewals(lan: Lan, station: Station): Process {
  for (;;) {
    const due = station.leaseUntil - leaseOf(station) / 2
    if (!station.online || due > lan.now) {
      yield Math.max(due, lan.now + 60 * SECOND)
      continue
    }
    const { mac: client, ip } = station
    yield* lan.reach(station)
    const xid = station.dice.word()
    const facts = clientFacts(station)
    fromClient(lan, { mac: client, ip }, dhcp({ ...facts, clientIp: ip, type: DHCP_REQUEST, xid }))
    yield lan.now + station.dice.int(1000, 8000)
    fromServer(lan, { mac: client, ip }, DHCP_ACK, xid, leaseOf(station))
    station.leaseUntil = lan.now + leaseOf(station)
  }
}
