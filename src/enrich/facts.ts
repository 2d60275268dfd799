/** Where a device's name came from. `dhcp` and `fqdn` are options 12 and 81 (39 of DHCPv6). */
export const nameSources = ['dhcp', 'fqdn', 'mdns', 'llmnr', 'nbns'] as const
export type DeviceNameSource = (typeof nameSources)[number]

/** Times are µs of event time, as all times here. */
export interface NameFact {
  readonly name: string
  readonly source: DeviceNameSource
  readonly first: number
  last: number
}

/** A port on which the device has answered. */
export interface ServiceFact {
  /** IP protocol number. */
  readonly protocol: number
  readonly port: number
  readonly first: number
  last: number
}

/** Somebody whom the device talks to: a registrable domain, or an address without a name. */
export interface PeerFact {
  readonly peer: string
  conversations: number
  bytes: number
  last: number
}

/** Something that the device was seen to do, which gives it a role. */
export interface DutyFact {
  readonly duty: Duty
  readonly first: number
  last: number
}

export const duties = [
  'advertises-routes',
  'named-as-router-by-dhcp',
  'forwards-packets',
  'speaks-router-redundancy',
  'answers-dns',
  'serves-dhcp',
] as const
export type Duty = (typeof duties)[number]

/** Most entries of each kind that a device may have; the one unused for longest makes room. */
export const factLimits = {
  names: 16,
  services: 48,
  peers: 16,
  announced: 32,
  ja4: 16,
  agents: 4,
  tags: 16,
} as const

/** Longest text that is kept of anything that a device says of itself. */
export const textLimit = 255

/** What is known of a device beyond its cards and addresses; bounded. Whoever it is may have lied. */
export class Facts {
  names: NameFact[] = []
  services: ServiceFact[] = []
  peers: PeerFact[] = []
  duties: DutyFact[] = []
  /** Services announced by mDNS: `_ipp._tcp`. */
  announced: string[] = []
  /** Fingerprints of TLS clients. */
  ja4: string[] = []
  /** User agents of HTTP. */
  agents: string[] = []
  /** Options 61, 55 and 60 of DHCPv4, and the DUID of DHCPv6. */
  clientId: string | undefined
  fingerprint: string | undefined
  vendorClass: string | undefined
  duid: string | undefined
  /** What the operator wrote. */
  tags: string[] = []
  note: string | undefined

  /** Undefined for a name that is known; else the name that was the latest of the source, or ''. */
  addName(source: DeviceNameSource, text: string, time: number): string | undefined {
    const name = text.slice(0, textLimit)
    const known = this.names.find(one => one.source === source && one.name === name)
    if (known !== undefined) {
      known.last = Math.max(known.last, time)
      return undefined
    }
    const before = latest(this.names.filter(one => one.source === source))?.name ?? ''
    makeRoom(this.names, factLimits.names)
    this.names.push({ name, source, first: time, last: time })
    return before
  }

  /** True for a service that is new. */
  addService(protocol: number, port: number, time: number): boolean {
    for (const service of this.services) {
      if (service.port !== port || service.protocol !== protocol) continue
      if (time > service.last) service.last = time
      return false
    }
    makeRoom(this.services, factLimits.services)
    this.services.push({ protocol, port, first: time, last: time })
    return true
  }

  /**
   * Counts a conversation. The space-saving algorithm (Metwally 2005): a newcomer takes the place
   * and the count of the least, so that whoever is talked to often stays. Each time it comes one place
   * forward, so that it is soon found.
   */
  addPeer(peer: string, bytes: number, time: number): void {
    const { peers } = this
    for (let at = 0; at < peers.length; at++) {
      const known = peers[at]
      if (known?.peer !== peer) continue
      known.conversations++
      known.bytes += bytes
      if (time > known.last) known.last = time
      const before = peers[at - 1]
      if (before === undefined) return
      peers[at - 1] = known
      peers[at] = before
      return
    }
    let conversations = 0
    if (this.peers.length >= factLimits.peers) {
      const least = this.peers.reduce((a, b) => (b.conversations < a.conversations ? b : a))
      conversations = least.conversations
      this.peers.splice(this.peers.indexOf(least), 1)
    }
    this.peers.push({ peer, conversations: conversations + 1, bytes, last: time })
  }

  /** True for a duty that is new. */
  addDuty(duty: Duty, time: number): boolean {
    for (const known of this.duties) {
      if (known.duty !== duty) continue
      known.last = Math.max(known.last, time)
      return false
    }
    this.duties.push({ duty, first: time, last: time })
    return true
  }

  has(duty: Duty): boolean {
    return this.duties.some(one => one.duty === duty)
  }

  /** Names of a source, the latest first. */
  namesOf(source: DeviceNameSource): readonly string[] {
    return this.names
      .filter(one => one.source === source)
      .toSorted((a, b) => b.last - a.last)
      .map(({ name }) => name)
  }

  /** All its names, the best first: what it tells the DHCP server, then what it tells others. */
  get hostnames(): readonly string[] {
    return [...new Set(nameSources.flatMap(source => this.namesOf(source)))]
  }
}

/** Adds a text to a bounded list without twins; true when it was new. The oldest makes room. */
export function addText(texts: string[], text: string, limit: number): boolean {
  const short = text.slice(0, textLimit)
  if (texts.includes(short)) return false
  if (texts.length >= limit) texts.shift()
  texts.push(short)
  return true
}

function makeRoom(facts: { readonly last: number }[], limit: number): void {
  if (facts.length < limit) return
  const oldest = facts.reduce((a, b) => (b.last < a.last ? b : a))
  facts.splice(facts.indexOf(oldest), 1)
}

function latest(facts: readonly NameFact[]): NameFact | undefined {
  return facts.reduce<NameFact | undefined>(
    (a, b) => (a !== undefined && a.last > b.last ? a : b),
    undefined,
  )
}
