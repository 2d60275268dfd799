import { type TimeToDetect } from '../../src/detectors/reference.ts'
import { type Truth } from '../../test/generate/office/attacks/attack.ts'
import { type AttackName } from '../../test/generate/office/attacks/index.ts'
import { MINUTE, SECOND } from '../../test/generate/office/station.ts'

export interface Alert {
  readonly '@timestamp': string
  readonly message?: string
  readonly event: { readonly id: string; readonly kind: string }
  readonly labels?: { readonly level?: string }
  readonly rule?: { readonly name: string }
  readonly device?: { readonly id?: string }
  readonly source?: { readonly ip?: string; readonly mac?: string }
  readonly destination?: { readonly ip?: string; readonly domain?: string }
  readonly dns?: { readonly question?: { readonly name?: string } }
}

export interface Outcome {
  readonly alerts: readonly Alert[]
  /** The sensor about itself: what a silence kept back. */
  readonly notices: readonly Alert[]
  readonly truth: readonly Truth[]
  readonly start: number
}

/** The rules that should tell of each attack; what others say beside them is no credit. */
const rules: Readonly<Record<AttackName, readonly string[]>> = {
  'arp-spoof': ['ARP Spoofing'],
  'rogue-dhcp': ['Rogue DHCP Server'],
  'dhcp-starvation': ['DHCP Starvation'],
  'new-device': ['New Device on the Network'],
  'arp-sweep': ['Sweep for Hosts From Inside'],
  'vertical-scan': ['Port Scan From Inside'],
  'horizontal-scan': ['Sweep for Hosts From Inside'],
  'outward-scan': ['Sweep for Hosts From Inside'],
  'icmp-sweep': ['Sweep for Hosts From Inside'],
  'null-scan': ['Port Scan From Inside'],
  'fin-scan': ['Port Scan From Inside'],
  'xmas-scan': ['Port Scan From Inside'],
  'slow-scan': ['Port Scan From Inside'],
  'ssh-guessing': ['Password Guessing'],
  'rdp-guessing': ['Password Guessing'],
  'telnet-guessing': ['Password Guessing'],
  'ftp-guessing': ['Password Guessing'],
  'smb-guessing': ['Password Guessing'],
  lateral: ['Host Goes From Machine to Machine'],
  beacon: ['Regular Connections to a New Destination'],
  'beacon-address': ['Regular Connections to a New Destination'],
  'long-connection': ['Connection That Lasts for Hours'],
  exfiltration: ['Large Upload to a New Destination'],
  'self-signed': ['Self-Signed Certificate of a Server Outside'],
  expired: ['Expired Certificate of a Server Outside'],
  'tls-downgrade': ['Known Server With Another Signer or an Older TLS'],
  'tls-odd-port': ['TLS on a Port That Is Not for It'],
  'not-tls': ['Port Says One Thing, Content Another'],
  indicator: ['Traffic With What a List Warns Of'],
  'dns-tunnel': ['Data Hidden in DNS Names'],
  'dns-tunnel-text': ['Data Hidden in DNS Names'],
  'dns-tunnel-slow': ['Data Hidden in DNS Names'],
  dga: ['Many Made-Up Names That Do Not Exist'],
  rebinding: ['DNS Rebinding'],
  'new-resolver': ['DNS Question to an Unknown Resolver Outside'],
  doh: ['Device Begins to Ask Its Names in Secret'],
  'icmp-tunnel': ['Data Hidden in Pings'],
}

/** Alerts about nobody that are written out. */
const SHOWN = 40

/** An attack may end before its alert. */
const GRACE = 15 * MINUTE

/** Whether each attack was told of as what it is, who was named, and how long it took. */
export function judge({ alerts, truth }: Outcome, benign: Outcome): TimeToDetect[] {
  const usual = new Set(benign.alerts.map(alert => alert.event.id))
  const fresh = alerts.filter(alert => !usual.has(alert.event.id))
  console.log(`\n${'attack'.padEnd(18)} ${'entity'.padEnd(16)} verdict`)
  const findings = truth.map(one => {
    const about = fresh.filter(alert => isWithin(alert, one) && names(alert, one))
    const finding = findingOf(one, about)
    const { rule, seconds = 0 } = finding
    const others = [...new Set(about.map(titleOf))].filter(title => title !== rule)
    const verdict = rule === undefined ? 'MISSED' : `after ${length(seconds)}: ${rule}`
    const more = others.length === 0 ? '' : `; also then: ${others.join('; ')}`
    console.log(`${one.name.padEnd(18)} ${one.entity.ip.padEnd(16)} ${verdict}${more}`)
    return finding
  })
  const caught = findings.filter(({ rule }) => rule !== undefined).length
  console.log(`caught ${caught} of ${truth.length}: ${verdictOf(caught, truth.length)}`)
  tellOthers(fresh.filter(alert => !truth.some(one => isWithin(alert, one) && names(alert, one))))
  return findings
}

function findingOf(
  { name, start, entity, expected }: Truth,
  about: readonly Alert[],
): TimeToDetect {
  const told = about.find(alert => rules[name as AttackName].includes(titleOf(alert)))
  return {
    attack: name,
    does: expected,
    entity: entity.ip,
    ...(told !== undefined && {
      rule: titleOf(told),
      level: told.labels?.level ?? '',
      seconds: Math.round((timeOf(told) - start) / (SECOND / 10)) / 10,
    }),
  }
}

function tellOthers(alerts: readonly Alert[]): void {
  console.log('alerts that name nobody of them:')
  const count = new Map<string, number>()
  for (const alert of alerts) count.set(titleOf(alert), (count.get(titleOf(alert)) ?? 0) + 1)
  for (const [title, times] of count) console.log(`  ${times} × ${title}`)
  for (const alert of alerts.slice(0, SHOWN)) {
    console.log(
      `    ${alert['@timestamp'].slice(0, 19)}  ${entityOf(alert)}  ${alert.message ?? ''}`,
    )
  }
}

function verdictOf(caught: number, all: number): string {
  return caught === all ? 'met' : 'MISSED'
}

function length(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${(seconds / 60).toFixed(1)} min`
}

export function timeOf(alert: Alert): number {
  return Date.parse(alert['@timestamp']) * 1000
}

export function entityOf({ source, device }: Alert): string {
  return source?.ip ?? source?.mac ?? device?.id ?? '?'
}

/** The sensor's own notices need no rule. */
export function titleOf({ rule, message }: Alert): string {
  return rule?.name ?? message ?? '?'
}

function isWithin(alert: Alert, { start, end }: Truth): boolean {
  const time = timeOf(alert)
  return time >= start && time <= end + GRACE
}

function names(alert: Alert, { entity }: Truth): boolean {
  const text = JSON.stringify(alert)
  return text.includes(`"${entity.ip}"`) || text.includes(macText(entity.mac))
}

function macText(mac: string): string {
  return mac.toUpperCase().replaceAll(':', '-')
}
