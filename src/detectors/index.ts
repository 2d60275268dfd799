// A module namespace is the registry: one line is one detector, under its name in the YAML.
// Names in camelCase here are written with dashes there.

export { beacon } from './beacon.ts'
export { exfiltration } from './exfiltration.ts'
export { icmpTunnel } from './icmp-tunnel.ts'
export { longConnection } from './long-connection.ts'
export { profile } from './profile.ts'
export { tlsAnomaly } from './tls-anomaly.ts'
