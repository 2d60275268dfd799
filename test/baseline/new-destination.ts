import * as p from '../generate/packets.ts'

export const newDestinationId = '7a3c0a50-4f58-4a3e-9f4f-4f5f0f8f9b01'

/** A rule about destinations that a host has never used; `more` are further lines of its baseline. */
export function newDestination(level = 'medium', more: readonly string[] = []): string {
  return `
title: New Destination
id: ${newDestinationId}
logsource: {category: network, service: connection}
taxonomy: ecs
detection:
  selection: {event.action: flow-start}
  condition: selection
orthrus:
  baseline:
    version: 1
    type: new_value
    entity: [source.ip]
    value: [destination.ip]
    suppress: 0s
    level: ${level}
${more.map(line => `    ${line}\n`).join('')}`
}

/** Frames of one host that opens a connection to each of these, with so many bytes in the first packet. */
export function openings(destinations: readonly string[], filler = 0): Uint8Array[] {
  const content = Buffer.alloc(filler)
  return destinations.map((dst, index) => {
    const layer = p.tcp({ srcPort: 1024 + index, dstPort: 443, flags: p.SYN }, content)
    return p.ethernet({}, p.ipv4({ src: '10.0.0.5', dst }, layer))
  })
}
