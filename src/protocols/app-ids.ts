import { databaseSignatures } from './app-databases.ts'
import { industrySignatures } from './app-industry.ts'
import { type FirstBytes, Probe, type Signature } from './app-probe.ts'
import { serviceSignatures } from './app-services.ts'
import { textSignatures } from './app-text.ts'
import { tunnelSignatures } from './app-tunnels.ts'

/**
 * The protocol that the first bytes of one side of a flow speak, as ECS `network.protocol`; undefined
 * when none is sure. Nothing is decoded: a few fixed octets and lengths decide, the port only where
 * they leave a doubt.
 */
export function identifyProtocol(first: FirstBytes): string | undefined {
  const probe = new Probe(first)
  const candidates = (first.transport === 'tcp' ? byTcpOctet : byUdpOctet)[probe.u8(0)]
  if (candidates === undefined) return undefined
  for (const signature of candidates) if (signature.test(probe)) return signature.protocol
  return undefined
}

// In this order: the surer a signature, the earlier its table.
const signatures: readonly Signature[] = [
  ...serviceSignatures,
  ...textSignatures,
  ...databaseSignatures,
  ...tunnelSignatures,
  ...industrySignatures,
]
const byTcpOctet = index('tcp')
const byUdpOctet = index('udp')

/** Names that `identifyProtocol` can give, sorted. */
export const knownProtocols: readonly string[] = [
  ...new Set(signatures.map(signature => signature.protocol)),
].sort()

function index(transport: 'tcp' | 'udp'): readonly (readonly Signature[])[] {
  const fitting = signatures.filter(s => s.transport === transport || s.transport === 'both')
  return Array.from({ length: 256 }, (_, octet) =>
    fitting.filter(({ first }) => first.length === 0 || first.includes(octet)),
  )
}
