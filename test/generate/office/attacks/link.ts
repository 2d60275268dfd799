import { DHCP_ACK, DHCP_DISCOVER, DHCP_OFFER, DHCP_REQUEST, dhcp } from '../../application.ts'
import { arp, ethernet } from '../../link.ts'
import { GATEWAY, type Part } from '../cast.ts'
import { type Dice } from '../dice.ts'
import { EVERYONE, type Lan } from '../lan.ts'
import { clientFacts, fromClient, fromServer, join } from '../lease.ts'
import { randomMac } from '../presence.ts'
import { type Process } from '../schedule.ts'
import { HOUR, MINUTE, SECOND, Station } from '../station.ts'
import { secure } from '../web.ts'
import { type Attack, byOne, type Context, type Entity, entityOf, on, taken } from './attack.ts'

/** As arpspoof does: every two seconds both victims are told the attacker's MAC. */
export const arpSpoof: Attack = {
  at: on(8, 10.5),
  plan(context) {
    const { lan, time } = context
    const attacker = taken(context, 'jonas')
    const victim = lan.station('PC-BERND')
    const end = time + 20 * MINUTE
    return {
      process: poison(lan, attacker, victim, end),
      truth: {
        end,
        entity: entityOf(attacker),
        victim: entityOf(GATEWAY),
        expected: 'the gateway’s address claimed by another MAC',
      },
    }
  },
}

function* poison(lan: Lan, attacker: Entity, victim: Entity, end: number): Process {
  while (lan.now < end) {
    lan.answer({ mac: attacker.mac, ip: GATEWAY.ip }, victim)
    lan.answer({ mac: attacker.mac, ip: victim.ip }, GATEWAY)
    yield lan.now + 2 * SECOND
  }
}

/** A second DHCP server on a laptop, faster than the first, with itself as router and resolver. */
export const rogueDhcp: Attack = {
  at: on(8, 13),
  plan(context) {
    const attacker = taken(context, 'PC-DAVID')
    return {
      process: rogueServer(context, attacker),
      truth: {
        end: context.time + 40 * MINUTE,
        entity: entityOf(attacker),
        victim: entityOf(context.lan.station('LGwebOSTV')),
        expected: 'a new DHCP server, two servers in one transaction',
      },
    }
  },
}

function* rogueServer({ lan, dice }: Context, attacker: Station): Process {
  const offer = { server: attacker, router: attacker.ip, dns: [attacker.ip] }
  for (const name of ['LGwebOSTV', 'SIP-T54W', 'Canon-Lab']) {
    const client = lan.station(name)
    const facts = clientFacts(client)
    const xid = dice.word()
    fromClient(lan, { mac: client.mac }, dhcp({ ...facts, type: DHCP_DISCOVER, xid }))
    yield lan.now + 900
    fromServer(lan, client, DHCP_OFFER, xid, HOUR, offer)
    yield lan.now + 4000
    fromServer(lan, client, DHCP_OFFER, xid, 24 * HOUR)
    yield lan.now + 2000
    const chosen = { requested: client.ip, serverIp: attacker.ip }
    fromClient(lan, { mac: client.mac }, dhcp({ ...facts, ...chosen, type: DHCP_REQUEST, xid }))
    yield lan.now + 800
    fromServer(lan, client, DHCP_ACK, xid, HOUR, offer)
    yield lan.now + 12 * MINUTE
  }
}

/** Random MACs ask for all addresses there are. */
export const dhcpStarvation: Attack = {
  at: on(8, 15),
  plan(context) {
    const { lan, dice, time } = context
    return {
      process: starve(lan, dice),
      truth: {
        end: time + 2 * MINUTE,
        entity: entityOf(GATEWAY),
        expected: 'hundreds of DISCOVERs from new MACs',
      },
    }
  },
}

function* starve(lan: Lan, dice: Dice): Process {
  for (let i = 0; i < 400; i++) {
    const mac = randomMac(dice)
    const xid = dice.word()
    fromClient(lan, { mac }, dhcp({ type: DHCP_DISCOVER, clientMac: mac, xid }))
    if (i < 80) {
      yield lan.now + 1000
      fromServer(lan, { mac, ip: lan.freeAddress() }, DHCP_OFFER, xid, 24 * HOUR)
    }
    yield lan.now + dice.exp(0.1 * SECOND)
  }
}

/** Somebody plugs in a device of their own. */
export const newDevice: Attack = {
  at: on(9, 11),
  plan(context) {
    const { lan, dice, time } = context
    const part: Part = {
      name: 'kali',
      role: 'laptop',
      system: 'linux',
      mac: 'b8:27:eb:5d:11:c4',
      host: 200,
    }
    const station = new Station(part, dice.fork('kali'))
    return {
      process: intrude(lan, station),
      truth: {
        end: time + 10 * MINUTE,
        entity: entityOf(station),
        expected: 'a device that was never here',
      },
    }
  },
}

function* intrude(lan: Lan, station: Station): Process {
  yield* join(lan, station)
  const host = lan.world.host('http.kali.example', 'cloudflare')
  for (let i = 0; i < 4; i++) {
    const exchanges = [{ up: 500, down: 20_000 }]
    yield* secure(lan, station, host, { shape: 'openssl', exchanges })
    yield lan.now + 20 * SECOND
  }
}

/** Asks for every address of the LAN by ARP. */
export const arpSweep = byOne(
  on(9, 14),
  'PC-BERND',
  MINUTE,
  'ARP requests for 254 addresses within seconds',
  ({ lan }, attacker) => sweep(lan, attacker),
)

function* sweep(lan: Lan, attacker: Station): Process {
  for (let host = 1; host < 255; host++) {
    yield* seek(lan, attacker, `192.168.10.${host}`)
    yield lan.now + 30_000
  }
}

/** ARP for an address; who is there answers. True when somebody did. */
export function* seek(
  lan: Lan,
  attacker: Station,
  target: string,
): Generator<number, Entity | undefined, void> {
  lan.wire.frame(
    ethernet(
      { src: attacker.mac, dst: EVERYONE, padTo: 60 },
      arp({ senderMac: attacker.mac, senderIp: attacker.ip, targetIp: target }),
    ),
  )
  const owner = target === GATEWAY.ip ? GATEWAY : ownerOf(lan, target)
  if (owner === undefined || owner.ip === attacker.ip) return undefined
  yield lan.now + 250
  lan.answer(owner, attacker)
  return owner
}

/** Who has an address now. */
export function ownerOf(lan: Lan, ip: string): Station | undefined {
  return [...lan.stations.values()].find(one => one.online && one.ip === ip)
}
