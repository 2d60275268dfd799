import { milliseconds } from '../config/duration.ts'
import { duration, networks, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { IpAddress } from '../decode/address.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type Home, homeOf } from '../enrich/direction.ts'
import { type DhcpEvent } from '../protocols/dhcp-events.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { DhcpClients, type Greed } from './dhcp-clients.ts'
import { agree, DhcpServers, type Server, type Stranger } from './dhcp-servers.ts'

/**
 * Servers that are not the network's own, which give themselves out as router or resolver (ATT&CK
 * T1557.003), and clients that ask for more than their share, so that nothing is left for others.
 */
export const dhcp = defineDetector({
  schema: section('DHCP servers that are strange, and clients that want too much.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    servers: networks({
      default: [],
      description: 'The servers of the network, if you want to name them: all others are strange.',
    }),
    learn: duration({
      default: '1d',
      minDuration: '0ms',
      maxDuration: '90d',
      description: 'Time after which a server that never answered before is strange.',
    }),
    clients: Type.Integer({
      default: 50,
      minimum: 4,
      maximum: 1_000_000,
      description:
        'Clients nobody has seen before that may ask within a minute; half of it of one card.',
    }),
    addresses: Type.Integer({
      default: 8,
      minimum: 2,
      maximum: 1_000_000,
      description: 'Addresses that one client may ask for within ten minutes.',
    }),
  }),
  signals: [
    {
      name: 'dhcp-rogue',
      when: 'A second server answers the same question, or one answers that never did so before.',
      evidence: {
        server: 'address or DUID of the server that is strange',
        server_mac: 'MAC of the frame that it came in',
        known: 'the server that was there before',
        same_question: 'whether both answered one client',
        agree: 'whether both give the same routers and resolvers',
        routers: 'those that the strange one gives',
        resolvers: 'those that the strange one gives',
        clients: 'answers that it has given',
      },
    },
    {
      name: 'dhcp-starvation',
      when: 'Many clients that nobody has seen before ask for addresses within a minute.',
      evidence: {
        clients: 'different clients, by MAC and client id',
        sender: 'the one MAC that all frames came from, where it is one',
        server: 'the server that answered last, which they starve',
        seconds: 'from the first to the last',
      },
    },
    {
      name: 'dhcp-scan',
      when: 'One client asks for many addresses.',
      evidence: { addresses: 'different addresses', seconds: 'from the first to the last' },
    },
  ],
  open({ servers, learn, ...limits }, { signal, devices, baselines, learning }) {
    const patience = learning(milliseconds(learn) * 1000)
    const own = servers.length > 0 ? homeOf(servers) : undefined
    const known = new DhcpServers(baselines)
    const clients = new DhcpClients(limits, devices)
    return {
      on: {
        dhcp(event) {
          if (event.message.fromServer) {
            const stranger = known.take(event)
            if (stranger !== undefined) sayRogue(event, stranger, { own, patience }, signal)
          } else {
            const greed = clients.take(event)
            if (greed !== undefined) sayGreed(event, greed, known.latest(event), signal)
          }
        },
      },
      advance(time) {
        known.advance(time)
        clients.advance(time)
      },
      counts: () => ({ ...known.counts, refused: known.counts.refused + clients.refused }),
    }
  },
})

/** µs after which a server that is still there is told of again. */
const again = 86_400e6

type Say = DetectorContext['signal']

interface Circumstances {
  /** The network's servers, where they are named. */
  readonly own: Home | undefined
  /** µs after which it is known who answers here. */
  readonly patience: number
}

/**
 * Two servers that agree are there on purpose, for when one fails. One that sends its clients
 * elsewhere is a mistake at best.
 */
function scoreOf(stranger: Stranger, { own, patience }: Circumstances): number {
  const { known, server, sameQuestion, observed } = stranger
  if (own !== undefined) return isOwn(server, own) ? 0 : 0.95
  const alike = known !== undefined && agree(known, server)
  if (sameQuestion) return alike ? 0.4 : 0.85
  if (observed === undefined || observed < patience) return 0
  if (known === undefined) return 0.6
  return alike ? 0.5 : 0.75
}

function isOwn({ ip }: Server, own: Home): boolean {
  const address = IpAddress.parse(ip)
  if (address === undefined) return false
  const { family, word0, word1, word2, word3 } = address
  return own.has(family, word0, word1, word2, word3)
}

function sayRogue(event: DhcpEvent, stranger: Stranger, around: Circumstances, signal: Say): void {
  const { server, known, sameQuestion } = stranger
  const score = scoreOf(stranger, around)
  const { packet, message } = event
  const { time } = packet
  if (score === 0 || (score <= server.told && time - server.toldAt < again)) return
  server.told = score
  server.toldAt = time
  const before = known === undefined ? 'never did so before' : `is not ${known.ip}`
  signal({
    name: 'dhcp-rogue',
    score,
    entity: server.ip,
    // Not the number of the interface, which is another in a replay.
    identity: [packet.vlan, message.version, nearestMinute(server.first), Math.round(score * 100)],
    message: `DHCP server ${server.ip} (${server.mac ?? 'no MAC'}) answers, and ${before}`,
    evidence: {
      server: server.ip,
      server_mac: server.mac,
      known: known?.ip,
      same_question: sameQuestion,
      agree: known && agree(known, server),
      routers: listOf(server.routers),
      resolvers: listOf(server.resolvers),
      clients: server.clients,
    },
    fields: { 'server.ip': IpAddress.parse(server.ip)?.text, 'server.mac': server.mac },
    trigger: event,
  })
}

function listOf(text: string): string[] | undefined {
  return text === '' ? undefined : text.split(' ')
}

function sayGreed(event: DhcpEvent, greed: Greed, server: Server | undefined, signal: Say): void {
  const { spread } = greed
  const { size, seconds } = spread
  if (greed.kind === 'scan') {
    signal({
      name: 'dhcp-scan',
      score: 0.6,
      entity: greed.client,
      identity: [nearestMinute(spread.start), size],
      message: `${greed.client} asked for ${size} addresses by DHCP in ${seconds} s`,
      evidence: { addresses: size, seconds },
      trigger: event,
    })
    return
  }
  const { sender } = greed
  signal({
    name: 'dhcp-starvation',
    score: sender === undefined ? 0.7 : 0.9,
    entity: sender ?? segmentOf(event, server),
    identity: [nearestMinute(spread.start), size],
    message: `${size} clients that nobody has seen before asked for an address by DHCP in ${seconds} s`,
    evidence: { clients: size, sender, server: server?.ip, seconds },
    fields: {
      'source.mac': sender,
      'server.ip': IpAddress.parse(server?.ip ?? '')?.text,
      'server.mac': server?.mac,
    },
    trigger: event,
    // The client of the last message is one of those that are made up.
    without: ['client', 'source', 'orthrus.source'],
  })
}

/** Made-up clients have no name: then it is about the segment, or whom they starve there. */
function segmentOf({ packet }: DhcpEvent, server: Server | undefined): string {
  if (packet.vlan !== 0) return `VLAN ${packet.vlan}`
  return server?.ip ?? 'the link'
}
