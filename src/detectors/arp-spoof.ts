import { milliseconds } from '../config/duration.ts'
import { duration, networks, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { type IpAddress } from '../decode/address.ts'
import { type ArpEvent } from '../decode/arp.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type Home, homeOf } from '../enrich/direction.ts'
import { defineDetector } from './detector.ts'
import { Gateways } from './gateways.ts'
import { addressKey, linkKey } from './keys.ts'
import { Leases } from './leases.ts'
import { LinkClaims } from './link-claims.ts'
import { SpoofJudge } from './spoof-judge.ts'

/**
 * One device says that another's address is its own, to get the other's traffic (ATT&CK T1557.002).
 * A lie and a device that got another's old address look the same at first; what tells them apart
 * is whose address it is, whether anyone asked, whether the owner is still there, and DHCP.
 */
export const arpSpoof = defineDetector({
  schema: section('A device that claims the address of another, in ARP or neighbour discovery.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    score: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: 'Certainty below which nothing is said.',
    }),
    owner_silence: duration({
      default: '20m',
      minDuration: '1m',
      maxDuration: '7d',
      description: 'Silence of an owner after which another may have its address.',
    }),
    ignore: networks({
      default: [],
      description: 'Addresses that move between machines on purpose, without VRRP, HSRP or CARP.',
    }),
    addresses: Type.Integer({
      default: 65_536,
      minimum: 256,
      maximum: 4_194_304,
      description: 'Addresses whose owner is remembered; new ones beyond are refused and counted.',
    }),
  }),
  signals: [
    {
      name: 'arp-spoof',
      when: 'A MAC claims an address that another one has. The score says how much speaks for a lie.',
      evidence: {
        address: 'the address that two claim',
        owner: 'MAC that has it',
        gateway: 'whether it is the address of a router',
        unsolicited: 'answers of the claimant that nobody had asked for',
        claims: 'messages in which he claims it',
        owner_alive: 'whether the owner was heard of after the claim',
        addresses: "others' addresses that he claims, the first sixteen",
        protocol: 'arp or ndp',
        reasons: 'what made up the score',
      },
    },
  ],
  open(options, { signal, home, devices }) {
    const claims = new LinkClaims(options.addresses, milliseconds(options.owner_silence) * 1000)
    const gateways = new Gateways(home)
    const leases = new Leases(options.addresses)
    const judge = new SpoofJudge({ signal, devices, gateways, leases, score: options.score })
    const link = { claims, judge, ignored: homeOf(options.ignore) }
    return {
      flows: ['start', 'end'],
      on: {
        flow(event) {
          gateways.learn(event)
          if (event.action === 'end') gateways.answered(event)
          else claims.hear(event.packet)
        },
        dhcp: event =>
          leases.take(event, (key, high, low) => claims.give(key, high, low, event.packet.time)),
        arp: event => takeArp(event, link),
        ndp: event => takeNdp(event, link),
      },
      advance(time) {
        for (const table of [claims, leases, judge.suspects]) table.advance(time)
      },
      counts: () => ({
        addresses: claims.table.size,
        refused: claims.table.refused + leases.refused + judge.suspects.refused,
      }),
    }
  },
})

interface Link {
  readonly claims: LinkClaims
  readonly judge: SpoofJudge
  readonly ignored: Home
}

function takeArp(event: ArpEvent, { claims, judge, ignored }: Link): void {
  const { source0, destination0, packet, time } = event
  if (event.family !== 4 || event.action === 'other') return
  const isQuestion = event.operation === 1 && source0 !== destination0
  if (isQuestion) claims.ask(linkKey(packet, destination0 >>> 0), time)
  if (source0 === 0 || ignored.has(4, source0, 0, 0, 0)) return
  const key = linkKey(packet, source0 >>> 0)
  const [high, low] = [packet.sourceMacHigh, packet.sourceMacLow]
  const claim = claims.take({ key, high, low, time, isReply: event.action === 'reply' })
  if (claim === undefined) return
  judge.judge(event, claim, { address: packet.sourceIp ?? '', key, words: [4, source0, 0, 0, 0] })
}

function takeNdp(event: NdpEvent, { claims, judge, ignored }: Link): void {
  // RFC 4861 7.1: any other hop limit came through a router.
  if (event.ttl !== 255) return
  const { target, packet, time } = event
  if (event.action === 'neighbor-solicitation' && target !== undefined) {
    claims.ask(linkKey(packet, keyOf(target)), time)
  }
  const answered = event.action === 'neighbor-advertisement' ? target : undefined
  const words = answered === undefined ? senderOf(event) : wordsOf(answered)
  const [family, ...rest] = words
  // RFC 4862 5.4.2: a solicitation from :: asks whether the address is free.
  if (rest.every(word => word === 0) || ignored.has(...words)) return
  const key = linkKey(packet, addressKey(family, ...rest))
  const { high, low } = event.linkLayer
  const claim = claims.take({ key, high, low, time, isReply: answered !== undefined })
  if (claim === undefined) return
  judge.judge(event, claim, { address: answered?.text ?? packet.sourceIp ?? '', key, words })
}

type Words = readonly [number, number, number, number, number]

function senderOf({ packet: { source0, source1, source2, source3 } }: NdpEvent): Words {
  return [6, source0, source1, source2, source3]
}

function wordsOf({ family, word0, word1, word2, word3 }: IpAddress): Words {
  return [family, word0, word1, word2, word3]
}

function keyOf({ family, word0, word1, word2, word3 }: IpAddress): number {
  return addressKey(family, word0, word1, word2, word3)
}
