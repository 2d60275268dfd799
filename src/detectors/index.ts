// A module namespace is the registry: one line is one detector, under its name in the YAML.
// Names in camelCase here are written with dashes there.
export { beacon } from './beacon.ts'
export { dga } from './dga.ts'
export { dnsLess } from './dns-less.ts'
export { dnsOpcode } from './dns-opcode.ts'
export { dnsRebinding } from './dns-rebinding.ts'
export { dnsTunnel } from './dns-tunnel.ts'
export { exfiltration } from './exfiltration.ts'
export { icmpTunnel } from './icmp-tunnel.ts'
export { indicator } from './indicator.ts'
export { longConnection } from './long-connection.ts'
export { profile } from './profile.ts'
export { tlsAnomaly } from './tls-anomaly.ts'
