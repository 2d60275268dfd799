/** Kinds of events that rules can look at: `event.dataset` without its `orthrus.`. */
export const kinds = [
  'flow',
  'dns',
  'tls',
  'quic',
  'http',
  'ssh',
  'dhcp',
  'arp',
  'ndp',
  'icmp',
  'device',
  'signal',
  'sensor',
] as const

export type Kind = (typeof kinds)[number]

export function isKind(text: string): text is Kind {
  return kinds.some(kind => kind === text)
}
