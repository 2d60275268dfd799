import { type ArpEvent } from '../decode/arp.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type Devices } from './devices.ts'
import { type OnLink } from './on-link.ts'
import { emptySighting } from './sighting.ts'

const sighting = emptySighting()

/**
 * What an event proves about who is on the link: ARP senders, neighbour discovery, and IP packets
 * whose source address belongs to the link. An address from behind a router says nothing about the
 * router that wrote the frame.
 */
export function observe(event: KernelEvent, devices: Devices, onLink: OnLink): void {
  if (!event.onLink || event.tunnel !== 0 || event.outer !== undefined) return
  switch (event.kind) {
    case 'arp':
      observeArp(event, devices)
      break
    case 'ndp':
      observeNdp(event, devices, onLink)
      break
    case 'flow':
      observeFlow(event, devices, onLink)
      break
    default:
      if (event.fromResponder) observeDestination(event, devices, onLink)
      else observeSource(event, devices, onLink)
  }
}

type PacketEvent = Exclude<KernelEvent, ArpEvent | NdpEvent>

/** RFC 826: the sender's two addresses belong together. A probe has none yet (RFC 5227 1.1). */
function observeArp(event: ArpEvent, devices: Devices): void {
  if (event.family !== 4 || event.source0 === 0 || event.action === 'other') return
  sighting.high = event.sourceMacHigh
  sighting.low = event.sourceMacLow
  sighting.family = 4
  sighting.word0 = event.source0
  sighting.word1 = 0
  sighting.word2 = 0
  sighting.word3 = 0
  see(event, devices, 'arp')
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
  see(event, devices, 'ndp')
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
  if (event.sourcePackets > 0) observeSource(event, devices, onLink)
  if (event.destinationPackets > 0) observeDestination(event, devices, onLink)
}

function observeSource(event: PacketEvent, devices: Devices, onLink: OnLink): void {
  sighting.high = event.sourceMacHigh
  sighting.low = event.sourceMacLow
  sighting.family = event.family
  sighting.word0 = event.source0
  sighting.word1 = event.source1
  sighting.word2 = event.source2
  sighting.word3 = event.source3
  seeIfOnLink(event, devices, onLink)
}

function observeDestination(event: PacketEvent, devices: Devices, onLink: OnLink): void {
  sighting.high = event.destinationMacHigh
  sighting.low = event.destinationMacLow
  sighting.family = event.family
  sighting.word0 = event.destination0
  sighting.word1 = event.destination1
  sighting.word2 = event.destination2
  sighting.word3 = event.destination3
  seeIfOnLink(event, devices, onLink)
}

function seeIfOnLink(event: PacketEvent, devices: Devices, onLink: OnLink): void {
  const { family, word0, word1, word2, word3 } = sighting
  if (!onLink.has(event.ifindex, event.vlan, family, word0, word1, word2, word3, event.time)) return
  see(event, devices, 'ip')
}

function see(event: KernelEvent, devices: Devices, evidence: 'arp' | 'ndp' | 'ip'): void {
  sighting.ifindex = event.ifindex
  sighting.vlan = event.vlan
  sighting.time = event.time
  sighting.evidence = evidence
  devices.sighted(sighting)
}
