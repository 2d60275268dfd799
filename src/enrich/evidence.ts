import { type ArpEvent } from '../decode/arp.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type Packet } from '../decode/packet.ts'
import { eventFlags } from '../decode/record.ts'
import { type Devices } from './devices.ts'
import { observeOddities } from './oddities.ts'
import { type OnLink } from './on-link.ts'
import { emptySighting } from './sighting.ts'

const sighting = emptySighting()

/**
 * What an event proves about who is on the link: ARP senders, neighbour discovery, and IP packets
 * whose source address belongs to the link. An address from behind a router says nothing about the
 * router that wrote the frame.
 */
export function observe(event: KernelEvent, devices: Devices, onLink: OnLink): void {
  const { packet } = event
  devices.advance(packet.time)
  if (!packet.onLink || (packet.flags & eventFlags.EVENT_TUNNELLED) !== 0) return
  switch (event.kind) {
    case 'arp':
      observeArp(event, devices, onLink)
      break
    case 'ndp':
      observeNdp(event, devices, onLink)
      break
    case 'flow':
      observeFlow(event, devices, onLink)
      break
    default:
      if (packet.fromResponder) observeDestination(packet, devices, onLink)
      else observeSource(packet, devices, onLink)
  }
}

/** RFC 826: the sender's two addresses belong together. A probe has none yet (RFC 5227 1.1). */
function observeArp(event: ArpEvent, devices: Devices, onLink: OnLink): void {
  if (event.family !== 4 || event.source0 === 0 || event.action === 'other') return
  sighting.high = event.sourceMacHigh
  sighting.low = event.sourceMacLow
  sighting.family = 4
  sighting.word0 = event.source0
  sighting.word1 = 0
  sighting.word2 = 0
  sighting.word3 = 0
  see(event.packet, devices, 'arp')
  observeOddities(event, sighting, devices, onLink)
}

function observeNdp(event: NdpEvent, devices: Devices, onLink: OnLink): void {
  // RFC 4861 6.1 and 7.1: any other hop limit came through a router, so it is forged.
  if (event.ttl !== 255) return
  if (event.type === 134) learnPrefixes(event, onLink)
  const { linkLayer } = event
  const claimed = event.type === 136 ? event.target : undefined
  sighting.high = linkLayer.high
  sighting.low = linkLayer.low
  sighting.family = 6
  sighting.word0 = claimed?.word0 ?? event.source0
  sighting.word1 = claimed?.word1 ?? event.source1
  sighting.word2 = claimed?.word2 ?? event.source2
  sighting.word3 = claimed?.word3 ?? event.source3
  // RFC 4862 5.4.2: a solicitation from :: asks whether the address is free.
  if ((sighting.word0 | sighting.word1 | sighting.word2 | sighting.word3) === 0) return
  see(event.packet, devices, 'ndp')
}

function learnPrefixes(event: NdpEvent, onLink: OnLink): void {
  for (const prefix of event.options.prefixes) {
    if (!prefix.onLink) continue
    const until = event.time + prefix.validLifetime * 1e6
    onLink.learn(event.ifindex, event.vlan, `${prefix.address.text}/${prefix.length}`, until)
  }
}

/** Each side that has sent packets; the other one may be there or not. */
function observeFlow(event: FlowEvent, devices: Devices, onLink: OnLink): void {
  const { packet } = event
  // Of a conversation that goes on or is over, who spoke when is not known.
  const started = event.action === 'start'
  if (event.sourcePackets > 0)
    observeSource(packet, devices, onLink, started && !packet.fromResponder)
  if (event.destinationPackets > 0)
    observeDestination(packet, devices, onLink, started && packet.fromResponder)
}

function observeSource(packet: Packet, devices: Devices, onLink: OnLink, direct = true): void {
  sighting.high = packet.sourceMacHigh
  sighting.low = packet.sourceMacLow
  sighting.family = packet.family
  sighting.word0 = packet.source0
  sighting.word1 = packet.source1
  sighting.word2 = packet.source2
  sighting.word3 = packet.source3
  seeIfOnLink(packet, devices, onLink, direct)
}

function observeDestination(packet: Packet, devices: Devices, onLink: OnLink, direct = true): void {
  sighting.high = packet.destinationMacHigh
  sighting.low = packet.destinationMacLow
  sighting.family = packet.family
  sighting.word0 = packet.destination0
  sighting.word1 = packet.destination1
  sighting.word2 = packet.destination2
  sighting.word3 = packet.destination3
  seeIfOnLink(packet, devices, onLink, direct)
}

function seeIfOnLink(packet: Packet, devices: Devices, onLink: OnLink, direct: boolean): void {
  const { family, word0, word1, word2, word3 } = sighting
  if (!onLink.has(packet.ifindex, packet.vlan, family, word0, word1, word2, word3, packet.time))
    return
  see(packet, devices, 'ip', direct)
}

function see(
  packet: Packet,
  devices: Devices,
  evidence: 'arp' | 'ndp' | 'ip',
  direct = true,
): void {
  sighting.ifindex = packet.ifindex
  sighting.vlan = packet.vlan
  sighting.time = packet.time
  sighting.evidence = evidence
  sighting.direct = direct
  devices.sighted(sighting)
}
