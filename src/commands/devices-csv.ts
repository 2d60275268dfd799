import { type DeviceView } from '../enrich/device-view.ts'

const columns = [
  'id',
  'name',
  'addresses',
  'macs',
  'vendor',
  'roles',
  'tags',
  'note',
  'services',
  'interface',
  'vlan',
  'randomised',
  'first_seen',
  'last_seen',
] as const

type Cells = Readonly<Record<(typeof columns)[number], string>>

/** The first line of the table. */
export const deviceCsvHead = `${columns.join(',')}\r\n`

/** One device as a line of CSV (RFC 4180); lists are divided by blanks. */
export function deviceCsvRow(view: DeviceView): string {
  const cells: Cells = {
    id: view.id,
    name: view.names[0]?.name ?? '',
    addresses: view.addresses.map(({ ip }) => ip).join(' '),
    macs: view.cards.map(({ mac }) => mac).join(' '),
    vendor: view.cards.at(-1)?.vendor ?? '',
    roles: view.roles.map(({ role }) => role).join(' '),
    tags: view.tags.join(' '),
    note: view.note ?? '',
    services: view.services.map(({ transport, port }) => `${transport}/${port}`).join(' '),
    interface: view.interface,
    vlan: view.vlan === 0 ? '' : String(view.vlan),
    randomised: String(view.cards.at(-1)?.randomised ?? false),
    first_seen: view.first_seen,
    last_seen: view.last_seen,
  }
  return `${columns.map(column => cell(cells[column])).join(',')}\r\n`
}

/** A device may call itself `=HYPERLINK(…)`: a spreadsheet takes what begins with ' for a text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
