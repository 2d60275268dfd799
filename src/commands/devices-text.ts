import { type DeviceView } from '../enrich/device-view.ts'
import { printable } from '../sinks/terminal-text.ts'

/** Widest that a column may be, and how it is called. */
const columns = [
  ['device', 28],
  ['address', 39],
  ['mac', 17],
  ['vendor', 24],
  ['roles', 24],
  ['tags', 20],
  ['last seen', 19],
  ['id', 16],
] as const

/** The devices as a table, those seen last first; one alone in full. Safe for a terminal. */
export function devicesText(views: readonly DeviceView[], width = 200): string {
  const [only] = views
  if (only === undefined) return 'no such device\n'
  if (views.length === 1) return detail(only)
  const sorted = views.toSorted((a, b) => (a.last_seen < b.last_seen ? 1 : -1))
  const rows = [columns.map(([name]) => name), ...sorted.map(rowOf)]
  const widths = columns.map(([, most], at) =>
    Math.min(most, Math.max(...rows.map(row => row[at]?.length ?? 0))),
  )
  const lines = rows.map(row =>
    row
      .map((text, at) => cut(text, widths[at] ?? 0).padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.map(line => cut(line, width)).join('\n')}\n${views.length} devices\n`
}

function rowOf(view: DeviceView): string[] {
  const card = view.cards.at(-1)
  const maker = card?.vendor ?? (card?.randomised ? 'randomised MAC' : '')
  return [
    view.names[0]?.name ?? (view.self ? 'this sensor' : ''),
    addressOf(view),
    card?.mac ?? '',
    maker,
    view.roles.map(({ role }) => role).join(' '),
    view.tags.join(' '),
    timeText(view.last_seen),
    view.id,
  ].map(text => printable(text, 80))
}

/** The one by which people know it, and how many more there are. */
function addressOf({ addresses }: DeviceView): string {
  const ips = addresses.map(({ ip }) => ip)
  const best = ips.find(ip => !ip.includes(':')) ?? ips.find(ip => !ip.startsWith('fe80')) ?? ips[0]
  if (best === undefined) return ''
  return ips.length > 1 ? `${best} +${ips.length - 1}` : best
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text
}

/** `2026-11-22 12:00:00`, UTC. */
function timeText(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}

function detail(view: DeviceView): string {
  return [...who(view), ...what(view)].join('')
}

function who(view: DeviceView): string[] {
  const { interface: name, vlan } = view
  const place = name === '' ? [] : [`${name}${vlan === 0 ? '' : ` VLAN ${vlan}`}`]
  const ips = view.addresses.map(({ ip, last_seen: last }) => `${ip}, until ${timeText(last)}`)
  return [
    ...lines('device', [view.self ? `${view.id}, this sensor` : view.id]),
    ...lines(
      'names',
      view.names.map(({ name: own, source }) => `${own} (${source})`),
    ),
    ...lines(
      'probably',
      view.roles.map(({ role, evidence }) => `${role}: ${evidence}`),
    ),
    ...lines('tags', view.tags),
    ...lines('note', view.note === undefined ? [] : [view.note]),
    ...lines('seen', [`${timeText(view.first_seen)} to ${timeText(view.last_seen)} UTC`]),
    ...lines('link', place),
    ...lines('MACs', view.cards.map(cardText)),
    ...lines('addresses', ips),
  ]
}

function what(view: DeviceView): string[] {
  return [
    ...lines('answers on', view.services.map(serviceText)),
    ...lines('announces', view.announced),
    ...lines('talks to', view.peers.map(peerText)),
    ...lines(
      'DHCP',
      Object.entries(view.dhcp).map(([key, value]) => `${key} ${value}`),
    ),
    ...lines('programs', view.user_agents),
    ...lines('TLS', view.ja4),
  ]
}

function serviceText({ transport, port, name }: DeviceView['services'][number]): string {
  return `${transport}/${port}${name === undefined ? '' : ` ${name}`}`
}

function peerText({ peer, conversations, bytes }: DeviceView['peers'][number]): string {
  return `${peer}: ${conversations} conversations, ${bytes} bytes`
}

function cardText({ mac, vendor, randomised, last_seen }: DeviceView['cards'][number]): string {
  const maker = vendor ?? (randomised ? 'randomised' : 'unknown vendor')
  return `${mac} ${maker}, until ${timeText(last_seen)}`
}

/** A heading in front of the first of some lines; nothing for none. */
function lines(heading: string, texts: readonly string[]): string[] {
  return texts.map((text, at) => `${(at === 0 ? heading : '').padEnd(12)}${printable(text)}\n`)
}
