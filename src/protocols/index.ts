// A module namespace is the registry: one line is one protocol.
export { dhcp } from './dhcp-events.ts'
export { dns } from './dns-events.ts'
export { http } from './http-events.ts'
export { quic } from './quic-events.ts'
export { ssh } from './ssh-events.ts'
export { tls } from './tls-events.ts'
