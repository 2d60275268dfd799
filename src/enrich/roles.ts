import { ipProtocol } from '../decode/protocol.ts'
import { type Duty, type Facts } from './facts.ts'

/** What a device probably is: a hint, with what it is concluded from. */
export interface Role {
  readonly role: string
  readonly evidence: string
}

const byDuty: Readonly<Record<Duty, string>> = {
  'advertises-routes': 'router',
  'named-as-router-by-dhcp': 'router',
  'forwards-packets': 'router',
  'speaks-router-redundancy': 'router',
  'answers-dns': 'resolver',
  'serves-dhcp': 'dhcp-server',
}

/** Ports that devices of one kind have and others hardly ever. */
const byPort: readonly (readonly [role: string, protocol: number, ports: readonly number[]])[] = [
  ['printer', ipProtocol.tcp, [515, 631, 9100]],
  ['camera', ipProtocol.tcp, [554, 37777, 34567]],
  ['nas', ipProtocol.tcp, [548, 2049, 5000, 5001]],
  ['file-server', ipProtocol.tcp, [445, 139]],
  ['mail-server', ipProtocol.tcp, [25, 143, 587, 993]],
  ['web-server', ipProtocol.tcp, [80, 443, 8080, 8443]],
  ['database', ipProtocol.tcp, [1433, 1521, 3306, 5432, 6379, 9200, 27017]],
  ['domain-controller', ipProtocol.tcp, [88, 389, 636, 3268]],
  ['industrial', ipProtocol.tcp, [102, 502, 20000, 44818]],
  ['voip', ipProtocol.udp, [5060]],
  ['time-server', ipProtocol.udp, [123]],
]

const byAnnouncement: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['printer', /^_(?:ipps?|printer|pdl-datastream|uscan)\._tcp$/],
  ['camera', /^_(?:rtsp|onvif|axis-video)\._tcp$/],
  ['nas', /^_(?:adisk|afpovertcp|nfs|readynas)\._tcp$/],
  ['tv-or-speaker', /^_(?:googlecast|airplay|raop|spotify-connect|sonos|androidtvremote2?)\._tcp$/],
  ['phone', /^_apple-mobdev2\._tcp$/],
  ['home-automation', /^_(?:hap|home-assistant|hue|matter|esphomelib)\._(?:tcp|udp)$/],
]

const byVendorClass: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['phone', /^(?:android-dhcp|dhcpcd-.*android)/i],
  ['computer', /^MSFT /],
  ['access-point', /^(?:Cisco AP|ArubaAP|ubnt|Mikrotik)/i],
  ['voip', /(?:phone|polycom|yealink|snom)/i],
  ['printer', /(?:printer|jetdirect)/i],
]

const byName: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['phone', /(?:iphone|android|pixel-?\d|galaxy-?[as]\d)/i],
  ['tablet', /(?:ipad|galaxy-tab)/i],
  ['printer', /^(?:npi[0-9a-f]{6}|brn?w?[0-9a-f]{12}|epson[0-9a-f]{6})/i],
]

const byAgent: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['phone', /\((?:iPhone|Linux; Android [^)]*Mobile)/],
  ['computer', /\((?:Windows NT|Macintosh|X11)/],
]

/** What a device probably is, each role once, with the best evidence; a device may be several things. */
export function rolesOf(facts: Facts | undefined): readonly Role[] {
  if (facts === undefined) return []
  const found = new Map<string, Role>()
  const add = (role: string, evidence: string) => {
    if (!found.has(role)) found.set(role, { role, evidence })
  }
  for (const { duty } of facts.duties) add(byDuty[duty], duty)
  for (const type of facts.announced) addMatch(byAnnouncement, type, `announces ${type}`, add)
  addPorts(facts, add)
  if (facts.vendorClass !== undefined) {
    addMatch(byVendorClass, facts.vendorClass, `vendor class ${facts.vendorClass}`, add)
  }
  for (const name of facts.hostnames) addMatch(byName, name, `named ${name}`, add)
  for (const agent of facts.agents) addMatch(byAgent, agent, `user agent ${agent}`, add)
  return [...found.values()]
}

type Add = (role: string, evidence: string) => void

function addMatch(
  table: readonly (readonly [role: string, pattern: RegExp])[],
  text: string,
  evidence: string,
  add: Add,
): void {
  for (const [role, pattern] of table) if (pattern.test(text)) add(role, evidence)
}

function addPorts({ services }: Facts, add: Add): void {
  for (const [role, protocol, ports] of byPort) {
    const service = services.find(one => one.protocol === protocol && ports.includes(one.port))
    if (service === undefined) continue
    add(role, `answers on ${protocol === ipProtocol.tcp ? 'tcp' : 'udp'}/${service.port}`)
  }
}
